//! Signals: sent to one process and no other, waited for, and what they do to us.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::signal::SigSet;
use nix::unistd::Pid;

/// `kill(2)`, with any number.
pub fn kill(pid: Pid, signal: libc::c_int) -> nix::Result<()> {
    // SAFETY: touches no memory.
    Errno::result(unsafe { libc::kill(pid.as_raw(), signal) }).map(drop)
}

/// `pidfd_send_signal(2)`: a signal that can never hit a reused process id.
pub fn pidfd_send_signal(pidfd: BorrowedFd<'_>, signal: libc::c_int) -> nix::Result<()> {
    // SAFETY: a null siginfo asks the kernel to fill it in as kill(2) would.
    let result = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            0,
        )
    };
    Errno::result(result).map(drop)
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

/// The same without waiting; `None` if none has arrived.
pub fn next_signal(signals: &SigSet) -> nix::Result<Option<(libc::c_int, bool)>> {
    // SAFETY: siginfo_t is plain data that the kernel overwrites.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let at_once = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: all three pointers refer to live values of the right type.
    let signal = unsafe { libc::sigtimedwait(signals.as_ref(), &mut info, &raw const at_once) };
    match Errno::result(signal) {
        Err(Errno::EAGAIN | Errno::EINTR) => Ok(None),
        signal => Ok(Some((signal?, info.si_code == libc::SI_KERNEL))),
    }
}

/// The set of these signals. Those that a program cannot have, such as the C library's own
/// two, are left out.
pub fn signal_set(signals: impl Iterator<Item = libc::c_int>) -> SigSet {
    let mut set = *SigSet::empty().as_ref();
    for signal in signals {
        // SAFETY: an initialised set, which a number out of range does not change.
        unsafe { libc::sigaddset(&raw mut set, signal) };
    }
    // SAFETY: it was initialised by `SigSet::empty`.
    unsafe { SigSet::from_sigset_t_unchecked(set) }
}

/// Whether this process ignores a signal.
pub fn is_ignored(signal: libc::c_int) -> nix::Result<bool> {
    // SAFETY: sigaction is plain data, for which zeros are a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a null action changes nothing; the present one goes to a live struct.
    Errno::result(unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) })?;
    Ok(action.sa_sigaction == libc::SIG_IGN)
}

/// Gives a signal its default action back.
pub fn reset_action(signal: libc::c_int) -> nix::Result<()> {
    // SAFETY: SIG_DFL runs no code of ours.
    let before = unsafe { libc::signal(signal, libc::SIG_DFL) };
    // SIGKILL, SIGSTOP and the C library's own two cannot be set.
    if before == libc::SIG_ERR && Errno::last() != Errno::EINVAL {
        return Err(Errno::last());
    }
    Ok(())
}
