//! The `unsafe` of the harness.

use std::ffi::{CStr, CString};
use std::io;
use std::net::UdpSocket;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
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

/// `TIOCSWINSZ`: how large a terminal is.
pub fn set_window_size(terminal: impl AsFd, rows: u16, columns: u16) -> nix::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let fd = terminal.as_fd().as_raw_fd();
    // SAFETY: the kernel reads a winsize, which outlives the call.
    Errno::result(unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &raw const size) }).map(drop)
}

/// What a program may do beyond its user, as the kernel keeps it; capabilities(7).
const CAPABILITY: &CStr = c"security.capability";

/// Reads it of a file.
pub fn capability_of(file: &Path) -> Option<Vec<u8>> {
    let path = CString::new(file.as_os_str().as_bytes()).expect("no NUL");
    let mut value = vec![0; 64];
    let (to, room) = (value.as_mut_ptr().cast(), value.len());
    // SAFETY: both names are C strings, and the kernel writes no more than there is room for.
    let length = unsafe { libc::getxattr(path.as_ptr(), CAPABILITY.as_ptr(), to, room) };
    value.truncate(usize::try_from(length).ok()?);
    Some(value)
}

/// Sets it.
pub fn set_capability(file: &Path, value: &[u8]) -> nix::Result<()> {
    set_attribute(file, CAPABILITY, value)
}

/// Sets one of a file's attributes; xattr(7).
pub fn set_attribute(file: &Path, name: &CStr, value: &[u8]) -> nix::Result<()> {
    let path = CString::new(file.as_os_str().as_bytes()).expect("no NUL");
    let (from, length) = (value.as_ptr().cast(), value.len());
    // SAFETY: both names are C strings, and the kernel reads as many bytes as there are.
    let set = unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), from, length, 0) };
    Errno::result(set).map(drop)
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
