//! The system calls of this chapter that `nix` does not wrap, and all its `unsafe`.

use std::fs::File;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sched::CloneFlags;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

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
    // ANCHOR: clone3
    let mut pidfd: RawFd = -1;
    let flags = flags.bits() as u64 | libc::CLONE_PIDFD as u64;
    // SAFETY: clone_args is plain integers, for which zero means "not used".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = flags;
    args.pidfd = &raw mut pidfd as u64;
    args.exit_signal = libc::SIGCHLD as u64;
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = cgroup.as_raw_fd() as u64;
    }
    // SAFETY: without CLONE_VM the child has its own copy of our memory, and this
    // process has one thread only, so that no lock in the copy is held by a thread
    // which does not exist there. `args` and `pidfd` outlive the call.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of_val(&args)) };
    // ANCHOR_END: clone3
    returned_from_clone(pid, pidfd)
}

/// `clone(2)`, for kernels and sandboxes that refuse clone3.
pub fn clone(flags: CloneFlags) -> nix::Result<Cloned> {
    let mut pidfd: RawFd = -1;
    let flags = flags.bits() as u64 | libc::CLONE_PIDFD as u64 | libc::SIGCHLD as u64;
    // SAFETY: as in `clone3`. A null stack means "the copy of the caller's own"; the
    // kernel stores the pidfd where the third argument points.
    let pid =
        unsafe { libc::syscall(libc::SYS_clone, flags, 0usize, &raw mut pidfd, 0usize, 0usize) };
    returned_from_clone(pid, pidfd)
}

fn returned_from_clone(pid: libc::c_long, pidfd: RawFd) -> nix::Result<Cloned> {
    let pid = Errno::result(pid)? as libc::pid_t;
    if pid == 0 {
        return Ok(Cloned::Child);
    }
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Cloned::Parent(Pid::from_raw(pid), pidfd))
}

/// Takes over a descriptor that the kernel has made for us, as it does with one that
/// arrives through a socket.
pub fn take_descriptor(number: RawFd) -> OwnedFd {
    // SAFETY: the kernel has just made this descriptor for us, and nobody else has it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// `capget(2)`: whether this process has the capability of that number in effect.
pub fn has_capability(number: u32) -> nix::Result<bool> {
    const VERSION_3: u32 = 0x2008_0522;
    let this_process = 0u32;
    let header = [VERSION_3, this_process];
    // Two structs, for 32 capabilities each, of effective, permitted and inheritable.
    let mut sets = [0u32; 6];
    // SAFETY: version 3 writes these six words, and only reads the header.
    let result = unsafe { libc::syscall(libc::SYS_capget, header.as_ptr(), sets.as_mut_ptr()) };
    Errno::result(result)?;
    let effective = if number < 32 { sets[0] } else { sets[3] };
    Ok(effective & (1 << (number % 32)) != 0)
}

/// `pidfd_open(2)`: a descriptor of the process that has this number now.
pub fn pidfd_open(pid: Pid) -> nix::Result<OwnedFd> {
    // SAFETY: the call takes two numbers and touches no memory.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid.as_raw(), 0) };
    Errno::result(fd).map(|fd| take_descriptor(fd as RawFd))
}

/// `pidfd_send_signal(2)`: a signal that can never hit a reused process id.
pub fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: Signal) -> nix::Result<()> {
    // SAFETY: a null siginfo asks the kernel to fill it in as kill(2) would.
    let result = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal as libc::c_int,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    Errno::result(result).map(drop)
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

/// `close_range(2)` over everything above 2, but for `keep`, which is above 2 as well.
///
/// Whoever owned one of them must not use or drop it any more: for processes that end in
/// exec or [`exit_now`].
pub fn close_all_but(keep: BorrowedFd<'_>) -> nix::Result<()> {
    let keep = keep.as_raw_fd() as u32;
    for (first, last) in [(3, keep - 1), (keep + 1, u32::MAX)] {
        if first <= last {
            // SAFETY: the caller never returns to code that uses or drops such a value.
            let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
            Errno::result(result)?;
        }
    }
    Ok(())
}

/// Waits for one of `signals`, which must be blocked: its number, and whether the
/// kernel itself sent it (a key on the terminal) rather than a process.
pub fn wait_for_signal(signals: &SigSet) -> nix::Result<(libc::c_int, bool)> {
    // SAFETY: siginfo_t is plain data that the kernel overwrites.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers refer to live values of the right type.
    let signal = Errno::result(unsafe { libc::sigwaitinfo(signals.as_ref(), &mut info) })?;
    Ok((signal, info.si_code == libc::SI_KERNEL))
}

/// Gives every signal its default action back.
///
/// A handler does not survive exec, but "ignored" does, and the Rust runtime
/// ignores SIGPIPE before `main`.
pub fn reset_signal_actions() -> nix::Result<()> {
    for signal in 1..=libc::SIGRTMAX() {
        // SAFETY: SIG_DFL runs no code of ours.
        let before = unsafe { libc::signal(signal, libc::SIG_DFL) };
        // SIGKILL, SIGSTOP and the C library's own two are none of ours.
        if before == libc::SIG_ERR && Errno::last() != Errno::EINVAL {
            return Err(Errno::last());
        }
    }
    Ok(())
}

/// Ends this process without running the parent's copied exit handlers.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit does not return and touches no memory.
    unsafe { libc::_exit(code) }
}
