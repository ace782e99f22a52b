//! The `unsafe` of the harness.

use std::io;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::errno::Errno;
use nix::unistd::setsid;

/// Has a function called when the test program ends.
pub fn at_exit(function: extern "C" fn()) {
    // SAFETY: a function lives as long as the program.
    unsafe { libc::atexit(function) };
}

/// Makes the program the leader of a new session, whose terminal is its standard input.
pub fn control_terminal(command: &mut Command) {
    let lead = || {
        setsid()?;
        // SAFETY: this request reads no memory of ours.
        Errno::result(unsafe { libc::ioctl(0, libc::TIOCSCTTY, 0) })?;
        Ok(())
    };
    // SAFETY: between fork and exec, two system calls are made and nothing allocated.
    unsafe { command.pre_exec(lead) };
}

/// Lets the loopback of this thread's network go up, without a program for it: see
/// netdevice(7).
pub fn set_up_loopback() -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: all of its fields are numbers, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[..2].copy_from_slice(&[b'l' as _, b'o' as _]);
    request.ifr_ifru.ifru_flags = libc::IFF_UP as i16;
    let fd = socket.as_raw_fd();
    // SAFETY: the request is a whole ifreq, and outlives the call.
    Errno::result(unsafe { libc::ioctl(fd, libc::SIOCSIFFLAGS as _, &request) })?;
    Ok(())
}
