//! The system calls of `lab` that `nix` does not make safe, and all its `unsafe`.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::signal::{SigHandler, Signal, signal};
use nix::unistd::{self, ForkResult};

/// `_IO(0xb7, 2)` of linux/nsfs.h; see ioctl_nsfs(2).
const NS_GET_PARENT: u32 = 0xb702;

/// `fork(2)`: a copy of this process, which must have one thread only.
pub fn fork() -> nix::Result<ForkResult> {
    // SAFETY: `lab` starts no threads, so no lock in the child's copy of our memory
    // is held by a thread that does not exist there.
    unsafe { unistd::fork() }
}

/// Lets SIGPIPE end this process, as it ends other programs; Rust ignores it at first.
pub fn end_with_a_broken_pipe() {
    // SAFETY: no code of ours runs in a signal handler, there is none.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigDfl) };
}

/// Closes every descriptor of this process but those in `keep`.
///
/// What is closed has owners in our copy of the parent's memory: this process must end
/// with [`exit_now`], so that none of them is ever dropped.
pub fn close_all_but(keep: &mut [RawFd]) {
    keep.sort_unstable();
    let mut first = 0;
    for &fd in keep.iter().chain(&[RawFd::MAX]) {
        if first < fd {
            // SAFETY: the call touches no memory, and nobody uses these numbers again.
            unsafe { libc::syscall(libc::SYS_close_range, first, fd - 1, 0) };
        }
        first = fd.saturating_add(1);
    }
}

/// Ends this process without running the parent's copied exit handlers.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: _exit does not return and touches no memory.
    unsafe { libc::_exit(code) }
}

/// A copy of a descriptor with the first free number from `least` on.
pub fn duplicate_above(fd: BorrowedFd<'_>, least: RawFd) -> nix::Result<OwnedFd> {
    // SAFETY: touches no memory of ours.
    let copy = unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, least) };
    let copy = Errno::result(copy)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

/// Gives a descriptor this number as well, which an exec leaves open.
///
/// Whatever had the number is closed, be it owned by a value of ours or not: so this is
/// for a process on its way to exec only.
pub fn duplicate_to(fd: BorrowedFd<'_>, number: RawFd) -> nix::Result<()> {
    // SAFETY: touches no memory; the caller never returns to code that uses `number`.
    Errno::result(unsafe { libc::dup2(fd.as_raw_fd(), number) }).map(drop)
}

/// The PID or user namespace in which this one was made.
pub fn parent_namespace(namespace: BorrowedFd<'_>) -> nix::Result<OwnedFd> {
    // SAFETY: this request takes no argument and touches no memory of ours. The type
    // of a request's number differs between C libraries.
    let fd = unsafe { libc::ioctl(namespace.as_raw_fd(), NS_GET_PARENT as _) };
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
