//! The system calls of this chapter that `nix` does not wrap, and with `sys/`, all its `unsafe`.

mod capabilities;
mod signals;

use std::fs::{self, File};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg};
use nix::sys::stat::stat;
use nix::unistd::{self, ForkResult, Pid};

pub use capabilities::{CapSets, capget};
pub use signals::{
    is_ignored, kill, next_signal, pidfd_send_signal, reset_action, signal_set, wait_for_signal,
};

use crate::ExitStatus;
use crate::child::Change;

/// The most descriptors that one message carries: `SCM_MAX_FD` of unix(7).
pub const MAX_DESCRIPTORS: usize = 253;

/// All that a clone of ours may be asked for: namespaces, and to be a sibling.
const ALLOWED: CloneFlags = CloneFlags::CLONE_PARENT
    .union(CloneFlags::CLONE_NEWUSER)
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWCGROUP);

/// From linux/sched.h; the libc crate's constant is too narrow for it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Which of the two processes a clone returned in.
pub enum Cloned {
    /// The new process.
    Child,
    /// The one that called, with a descriptor that refers to the new one.
    Parent(Pid, OwnedFd),
}

/// `clone3(2)`: a new process with its own copy of our memory, as after a fork.
///
/// With `cgroup` it is born in that cgroup, given as an open directory of cgroup v2.
pub fn clone3(flags: CloneFlags, cgroup: Option<BorrowedFd<'_>>) -> nix::Result<Cloned> {
    may_copy(flags)?;
    // ANCHOR: clone3
    let mut pidfd: RawFd = -1;
    let flags = u64::from(flags.bits().cast_unsigned()) | libc::CLONE_PIDFD as u64;
    // SAFETY: clone_args is plain integers, for which zero means "not used".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = flags;
    args.pidfd = &raw mut pidfd as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd().cast_unsigned().into();
    }
    if args.flags & libc::CLONE_PARENT as u64 != 0 {
        // A sibling has that of ours, and it is an error to name one.
        args.exit_signal = 0;
    }
    // SAFETY: `may_copy` has seen one thread, so that no lock in the child's copy of our
    // memory is held by a thread which does not exist there, and no flag by which the two
    // would share memory or descriptors. `args` and `pidfd` outlive the call.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of_val(&args)) };
    // ANCHOR_END: clone3
    returned_from_clone(pid, pidfd)
}

/// `clone(2)`, for kernels and sandboxes that refuse clone3.
pub fn clone(flags: CloneFlags) -> nix::Result<Cloned> {
    may_copy(flags)?;
    let mut pidfd: RawFd = -1;
    let flags = u64::from(flags.bits().cast_unsigned());
    let flags = flags | libc::CLONE_PIDFD as u64 | libc::SIGCHLD as u64;
    // SAFETY: as in `clone3`. A null stack means "the copy of the caller's own"; the
    // kernel stores the pidfd where the third argument points.
    let pid =
        unsafe { libc::syscall(libc::SYS_clone, flags, 0usize, &raw mut pidfd, 0usize, 0usize) };
    returned_from_clone(pid, pidfd)
}

/// `fork(2)`: a clone that makes nothing new.
pub fn fork() -> nix::Result<ForkResult> {
    may_copy(CloneFlags::empty())?;
    // SAFETY: this process has one thread, as in `clone3`.
    unsafe { unistd::fork() }
}

/// Whether a copy of this process can be made that runs ordinary code: `EDEADLK` if a
/// second thread might hold a lock, which would never be released in the copy, and
/// `EINVAL` for flags by which it would share something with us.
fn may_copy(flags: CloneFlags) -> nix::Result<()> {
    if !ALLOWED.contains(flags) {
        return Err(Errno::EINVAL);
    }
    if has_one_thread()? { Ok(()) } else { Err(Errno::EDEADLK) }
}

/// unshare(2): the flag "has no effect" for a process of one thread, and is refused to one
/// of several. That needs no /proc, which a root need not have.
fn has_one_thread() -> nix::Result<bool> {
    match unshare(CloneFlags::CLONE_THREAD) {
        Ok(()) => Ok(true),
        Err(Errno::EINVAL) => Ok(false),
        // A sandbox that allows no unshare at all. Each thread is a directory in there, and
        // each directory one more link to the one above.
        Err(refused) => {
            let tasks = stat("/proc/self/task").map_err(|_| refused)?;
            Ok(tasks.st_nlink == 3)
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a pid is an int; syscall(2) returns a long")]
fn returned_from_clone(pid: libc::c_long, pidfd: RawFd) -> nix::Result<Cloned> {
    let pid = Errno::result(pid)? as libc::pid_t;
    if pid == 0 {
        return Ok(Cloned::Child);
    }
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Cloned::Parent(Pid::from_raw(pid), pidfd))
}

/// `pidfd_open(2)`: a descriptor of the process that has this number now.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a descriptor is an int; syscall(2) returns a long"
)]
pub fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two numbers and touches no memory.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    let fd = Errno::result(fd)? as RawFd;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `recvmsg(2)`: reads into `bytes`, and takes over the descriptors that come along.
pub fn receive(
    socket: BorrowedFd<'_>,
    bytes: &mut [u8],
    descriptors: &mut Vec<OwnedFd>,
) -> nix::Result<usize> {
    let mut control = nix::cmsg_space!([RawFd; MAX_DESCRIPTORS]);
    let buffer = &mut [IoSliceMut::new(bytes)];
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let received = recvmsg::<()>(socket.as_raw_fd(), buffer, Some(&mut control), flags)?;
    for message in received.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = message {
            // SAFETY: the kernel has just made these descriptors, and nobody else has them.
            descriptors
                .extend(numbers.into_iter().map(|number| unsafe { OwnedFd::from_raw_fd(number) }));
        }
    }
    Ok(received.bytes)
}

/// `waitid(2)` without waiting; `None` if there is nothing new of these children.
pub fn waitid(
    kind: libc::idtype_t,
    id: libc::id_t,
    flags: libc::c_int,
) -> nix::Result<Option<(Pid, Change)>> {
    // SAFETY: siginfo_t is plain data that the kernel overwrites.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: `info` outlives the call.
    Errno::result(unsafe { libc::waitid(kind, id, &raw mut info, flags) })?;
    // SAFETY: waitid fills in these two, or leaves the zeros there.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    let change = match info.si_code {
        // Of an exit code the kernel keeps eight bits: exit(3).
        libc::CLD_EXITED => Change::Ended(ExitStatus::Exited(status.to_le_bytes()[0])),
        libc::CLD_KILLED | libc::CLD_DUMPED => Change::Ended(ExitStatus::Signaled(status)),
        _ => Change::Stopped,
    };
    Ok((pid != 0).then_some((Pid::from_raw(pid), change)))
}

/// `flock(2)`, again and again if a signal interrupts it.
pub fn flock(file: &File, operation: libc::c_int) -> nix::Result<()> {
    loop {
        // SAFETY: the file is open as long as we borrow it, and no memory is touched.
        match Errno::result(unsafe { libc::flock(file.as_raw_fd(), operation) }) {
            Err(Errno::EINTR) => {}
            locked => return locked.map(drop),
        }
    }
}

/// Goes on with `rest` as a process without any descriptor but these, and ends with the
/// code that it returns, unless an exec comes before. `rest` is told whether all could be
/// closed.
pub fn keep_only(keep: &[BorrowedFd<'_>], rest: impl FnOnce(nix::Result<()>) -> libc::c_int) -> ! {
    // SAFETY: this process never returns to the frames that own what is closed, and what
    // `rest` owns or borrows beside `keep` are plain values.
    let closed = unsafe { close_all_but(keep) };
    exit_now(rest(closed))
}

/// `close_range(2)` over everything but these.
///
/// # Safety
/// Values of this process own these descriptors. None of them may be used or dropped any
/// more.
///
/// # Errors
/// If the kernel is older than the call.
pub unsafe fn close_all_but(keep: &[BorrowedFd<'_>]) -> nix::Result<()> {
    let mut keep: Vec<RawFd> = keep.iter().map(AsRawFd::as_raw_fd).collect();
    keep.sort_unstable();
    let mut first = 0;
    for &fd in keep.iter().chain(&[RawFd::MAX]) {
        if first < fd {
            // SAFETY: touches no memory; the caller sees to the owners.
            let result = unsafe { libc::syscall(libc::SYS_close_range, first, fd - 1, 0) };
            Errno::result(result)?;
        }
        first = fd.saturating_add(1);
    }
    Ok(())
}

/// Whatever is open above 2 is closed when this process executes another program, also what it
/// has inherited. close_range(2) does so since Linux 5.11.
///
/// # Errors
/// If nobody tells what is open.
pub fn close_on_exec() -> io::Result<()> {
    let names = fs::read_dir("/proc/self/fd")?.flatten().map(|entry| entry.file_name());
    let all = names.filter_map(|name| name.to_str()?.parse::<RawFd>().ok());
    for fd in all.filter(|fd| *fd > 2) {
        // SAFETY: touches no memory, and whoever owns the descriptor can use it as before.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    }
    Ok(())
}

/// Ends this process without running the parent's copied exit handlers.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit does not return and touches no memory.
    unsafe { libc::_exit(code) }
}
