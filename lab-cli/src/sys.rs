//! The system calls of `lab` that `nix` does not make safe, and all its `unsafe`.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::{ForkResult, Pid};
use process::{close_all_but, exit_now};

/// `_IO(0xb7, 2)` of linux/nsfs.h; see ioctl_nsfs(2).
const NS_GET_PARENT: libc::Ioctl = 0xb702;

/// The flags of clone(2) that make namespaces.
const NAMESPACES: CloneFlags = CloneFlags::CLONE_NEWUSER
    .union(CloneFlags::CLONE_NEWPID)
    .union(CloneFlags::CLONE_NEWNS)
    .union(CloneFlags::CLONE_NEWNET)
    .union(CloneFlags::CLONE_NEWUTS)
    .union(CloneFlags::CLONE_NEWIPC);

/// Forks a process that has no descriptors but those in `keep`, and ends after `life`.
pub fn fork_off(step: &str, keep: &[BorrowedFd<'_>], life: impl FnOnce()) -> process::Result<Pid> {
    match process::fork(step)? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            // SAFETY: this process ends in here, so that nothing that owns one of the others
            // is ever dropped, and `life` uses what it was given.
            let _ = unsafe { close_all_but(keep) };
            life();
            exit_now(0)
        }
    }
}

/// `clone(2)`: a fork with these namespaces of its own, whose parent is *our* parent.
///
/// # Errors
/// `EINVAL` if this process has more than one thread, as of unshare(2), or a flag is of no
/// namespace.
pub fn clone_sibling(namespaces: CloneFlags) -> nix::Result<ForkResult> {
    unshare(CloneFlags::CLONE_THREAD)?;
    if !NAMESPACES.contains(namespaces) {
        return Err(Errno::EINVAL);
    }
    let flags = (namespaces | CloneFlags::CLONE_PARENT).bits().cast_unsigned() as usize;
    // SAFETY: without CLONE_VM the child has its own copy of our memory, and this process has
    // one thread, so that no lock in the copy is held by one that does not exist there. A null
    // stack means "the copy of the caller's own"; no flag makes the kernel use the rest.
    let pid = unsafe { libc::syscall(libc::SYS_clone, flags, 0usize, 0usize, 0usize, 0usize) };
    Ok(match Errno::result(pid)? {
        0 => ForkResult::Child,
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a pid is an int; syscall(2) returns a long"
        )]
        pid => ForkResult::Parent { child: Pid::from_raw(pid as libc::pid_t) },
    })
}

/// Lets SIGPIPE end this process, as it ends other programs; Rust ignores it at first.
pub fn end_with_a_broken_pipe() {
    // SAFETY: no code of ours runs in a signal handler, there is none.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}

/// Gives each descriptor its number, and goes on with `rest`, which ends in an exec or with
/// the code of this process's end. A descriptor that had such a number is closed.
pub fn renumber(
    fds: &[(BorrowedFd<'_>, RawFd)],
    rest: impl FnOnce(nix::Result<()>) -> libc::c_int,
) -> ! {
    let highest = fds.iter().map(|(_, number)| *number).max().unwrap_or_default();
    // A descriptor to be moved may itself lie in the way, so it is copied out of reach
    // first.
    let copies = fds.iter().map(|(fd, number)| Ok((duplicate_above(*fd, highest + 1)?, *number)));
    let moved = copies.collect::<nix::Result<Vec<_>>>().and_then(|copies| {
        copies.iter().try_for_each(|(copy, number)| {
            // SAFETY: nothing returns to the frames that own these numbers.
            unsafe { duplicate_to(copy.as_fd(), *number) }
        })
    });
    exit_now(rest(moved))
}

/// A copy of a descriptor with the first free number from `least` on.
fn duplicate_above(fd: BorrowedFd<'_>, least: RawFd) -> nix::Result<OwnedFd> {
    // SAFETY: touches no memory of ours.
    let copy = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) };
    let copy = Errno::result(copy)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Gives a descriptor this number as well, which an exec leaves open.
///
/// # Safety The descriptor that has the number is closed, and a value of ours may own that.
/// It must not be used or dropped any more.
unsafe fn duplicate_to(fd: BorrowedFd<'_>, number: RawFd) -> nix::Result<()> {
    // SAFETY: touches no memory; the caller sees to the owner.
    Errno::result(unsafe { libc::dup2(fd.as_raw_fd(), number) }).map(drop)
}

/// The PID or user namespace in which this one was made.
pub fn parent_namespace(namespace: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    // SAFETY: this request takes no argument and touches no memory of ours.
    let fd = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_PARENT) };
    let fd = Errno::result(fd)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `close_range(2)` over everything above `first`, at the next exec.
pub fn close_on_exec_from(first: u32) -> nix::Result<()> {
    // SAFETY: only marks descriptors; none is closed under anybody's feet.
    let result =
        unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    Errno::result(result).map(drop)
}
