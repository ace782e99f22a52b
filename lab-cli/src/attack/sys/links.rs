//! Network interfaces, and frames that are sent on them: netdevice(7), packet(7).

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::Result;
use nix::errno::Errno;

/// `AF_PACKET`, and the length of its addresses, in the types that are asked for.
const FAMILY: libc::sa_family_t = 17;
const ADDRESS_LENGTH: libc::socklen_t = 20;

/// Sets the largest packet of the loopback interface, or reads it with `None`.
pub fn loopback_mtu(socket: BorrowedFd<'_>, mtu: Option<i32>) -> Result<i32> {
    // SAFETY: ifreq is plain data, and names end at its first zero.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = libc::c_char::try_from(*from).unwrap_or_default();
    }
    request.ifr_ifru.ifru_mtu = mtu.unwrap_or_default();
    let what = if mtu.is_some() { libc::SIOCSIFMTU } else { libc::SIOCGIFMTU };
    // SAFETY: both requests read and write an ifreq, which lives as long as the call.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), what as _, &raw mut request) })?;
    // SAFETY: it is the member of the union that we or the kernel have set.
    Ok(unsafe { request.ifr_ifru.ifru_mtu })
}

/// Sends an Ethernet frame on the link of this number.
pub fn send_frame(packet: BorrowedFd<'_>, link: u32, frame: &[u8]) -> Result<()> {
    // SAFETY: sockaddr_ll is plain integers.
    let mut to: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    (to.sll_family, to.sll_ifindex) = (FAMILY, link.cast_signed());
    // SAFETY: the frame and the address are live, and told with their lengths.
    let sent = unsafe {
        libc::sendto(
            packet.as_raw_fd(),
            frame.as_ptr().cast(),
            frame.len(),
            0,
            (&raw const to).cast(),
            ADDRESS_LENGTH,
        )
    };
    Errno::result(sent).map(drop)
}
