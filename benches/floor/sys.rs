//! The `unsafe` of the floor.

use std::fs::File;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sched::CloneFlags;
use nix::unistd::Pid;

/// Of linux/sched.h: too large for the type that `libc` gives it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Of linux/if.h, in the type of the field that takes it.
const IFF_UP: libc::c_short = 1;

/// Makes a process; `None` in the new one. The other one waits until that executes
/// something: it would only be in the way.
pub fn clone3(flags: CloneFlags, cgroup: Option<&File>) -> nix::Result<Option<Pid>> {
    let into = if cgroup.is_some() { CLONE_INTO_CGROUP } else { 0 };
    // SAFETY: all zeros are a valid value of this struct of numbers.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.flags = u64::from((flags | CloneFlags::CLONE_VFORK).bits().cast_unsigned()) | into;
    args.exit_signal = libc::SIGCHLD as u64;
    args.cgroup = cgroup.map_or(0, |dir| dir.as_raw_fd().cast_unsigned().into());
    // SAFETY: without CLONE_VM the new process has memory of its own, and this program has
    // one thread, so no lock is held in it by anybody else.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of_val(&args)) };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a pid is an int; syscall(2) returns a long"
    )]
    let pid = Errno::result(pid)? as i32;
    Ok((pid != 0).then(|| Pid::from_raw(pid)))
}

/// Switches `lo` on: netdevice(7).
pub fn set_up_loopback() -> nix::Result<()> {
    // SAFETY: it takes numbers only.
    let socket = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    // SAFETY: the kernel returned this descriptor, and nobody else has it.
    let socket = unsafe { OwnedFd::from_raw_fd(Errno::result(socket)?) };
    // SAFETY: all zeros are a valid value of this struct: a name of no length.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::try_from(*from).unwrap_or_default();
    }
    request.ifr_ifru.ifru_flags = IFF_UP;
    // SAFETY: this request reads a whole `ifreq`, which outlives the call.
    Errno::result(unsafe {
        libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &raw const request)
    })?;
    Ok(())
}
