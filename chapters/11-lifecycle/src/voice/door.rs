//! Where a container is attached to: a socket in its record.
//!
//! A socket's address is a path of 107 bytes at most, unix(7), and a state directory may be
//! anywhere. So the directory is opened first, and the path says `/proc/self/fd/5/attach`.
//! Only root and we can get there: the directory is 0700.

use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::{fs, io};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open as open_dir};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, socket,
};
use nix::sys::stat::Mode;

/// What it is called in there.
const NAME: &str = "attach";

/// Makes one, in place of what an earlier monitor may have left.
pub(super) fn open(dir: &Path) -> nix::Result<UnixListener> {
    match fs::remove_file(dir.join(NAME)) {
        Err(error) if error.raw_os_error() != Some(libc::ENOENT) => {
            return Err(error.raw_os_error().map_or(Errno::EIO, Errno::from_raw));
        }
        _ => {}
    }
    let (door, address) = (new(SockFlag::SOCK_NONBLOCK)?, Address::new(dir)?);
    bind(door.as_raw_fd(), &address.path)?;
    listen(&door, Backlog::MAXCONN)?;
    Ok(door.into())
}

/// The next one at the door; `EAGAIN` if nobody is.
pub(super) fn next(door: &UnixListener) -> io::Result<OwnedFd> {
    // As for any other kind of socket: accept4(2), with SOCK_CLOEXEC.
    door.accept().map(|(socket, _)| socket.into())
}

/// Comes to the door: `ECONNREFUSED` or `ENOENT` if there is no monitor.
pub(super) fn come_to(dir: &Path) -> nix::Result<OwnedFd> {
    let (socket, address) = (new(SockFlag::empty())?, Address::new(dir)?);
    connect(socket.as_raw_fd(), &address.path)?;
    Ok(socket)
}

struct Address {
    path: UnixAddr,
    /// It leads through here.
    _dir: OwnedFd,
}

impl Address {
    fn new(dir: &Path) -> nix::Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let dir = open_dir(dir, flags, Mode::empty())?;
        let path = UnixAddr::new(&*format!("/proc/self/fd/{}/{NAME}", dir.as_raw_fd()))?;
        Ok(Self { path, _dir: dir })
    }
}

fn new(flags: SockFlag) -> nix::Result<OwnedFd> {
    let flags = flags | SockFlag::SOCK_CLOEXEC;
    socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)
}
