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

/// Lets the programs that are started from here on begin with signals as they are by default.
///
/// A suite that was started by nohup, or in the background of a script, ignores some, and what
/// is ignored stays so across an exec. What is caught does not, signal(7): so they are caught
/// here, and nothing is done.
pub fn catch_ignored_signals() {
    extern "C" fn nothing(_: libc::c_int) {}
    for signal in (1..=libc::SIGRTMAX()).filter(|&signal| signal != libc::SIGPIPE) {
        // SAFETY: sigaction is plain data, for which zeros are a value.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        // SAFETY: a null action changes nothing; the present one goes to a live struct.
        unsafe { libc::sigaction(signal, std::ptr::null(), &raw mut action) };
        if action.sa_sigaction != libc::SIG_IGN {
            continue;
        }
        action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: a function that does nothing may be called at any moment.
        unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
    }
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

/// Of linux/if.h, in the type of the field that takes it.
const IFF_UP: libc::c_short = 1;

/// Lets the loopback of this thread's network go up, without a program for it: see
/// netdevice(7).
pub fn set_up_loopback() -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    // SAFETY: all of its fields are numbers, for which zero is a value.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::try_from(*from).unwrap_or_default();
    }
    request.ifr_ifru.ifru_flags = IFF_UP;
    let fd = socket.as_raw_fd();
    // SAFETY: the request is a whole ifreq, and outlives the call.
    Errno::result(unsafe { libc::ioctl(fd, libc::SIOCSIFFLAGS as _, &request) })?;
    Ok(())
}
