//! A link's flags, by the old way: netdevice(7), an ioctl on any socket.
//!
//! Both ask about the network namespace of the process that calls them.

#![allow(dead_code, reason = "your part is going to use it")]

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

/// The flags of a link, such as `libc::IFF_UP`, joined by `|`.
pub fn flags(link: &str) -> nix::Result<i32> {
    let mut request = request(link);
    // SAFETY: the kernel reads a name from and writes flags to a live ifreq.
    let result = unsafe { libc::ioctl(any()?.as_raw_fd(), libc::SIOCGIFFLAGS, &mut request) };
    Errno::result(result)?;
    // SAFETY: after SIOCGIFFLAGS, the flags are what the union holds.
    Ok(i32::from(unsafe { request.ifr_ifru.ifru_flags }))
}

/// Sets all the flags of a link. Some of them cannot be changed; the kernel keeps those.
pub fn set_flags(link: &str, flags: i32) -> nix::Result<()> {
    let mut request = request(link);
    request.ifr_ifru.ifru_flags = flags as libc::c_short;
    // SAFETY: the kernel only reads the live ifreq, in which name and flags are set.
    let result = unsafe { libc::ioctl(any()?.as_raw_fd(), libc::SIOCSIFFLAGS, &request) };
    Errno::result(result).map(drop)
}

/// It is never sent to: the ioctls want a socket to be asked by.
fn any() -> nix::Result<OwnedFd> {
    socket(AddressFamily::Inet, SockType::Datagram, SockFlag::SOCK_CLOEXEC, None)
}

fn request(link: &str) -> libc::ifreq {
    // SAFETY: an ifreq is plain bytes, and all of them may be zero.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    // The last byte stays zero, and ends the name.
    let longest = request.ifr_name.len() - 1;
    for (to, from) in request.ifr_name[..longest].iter_mut().zip(link.bytes()) {
        *to = from as libc::c_char;
    }
    request
}
