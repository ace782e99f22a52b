//! Another setting for the host's network interface.

use std::net::UdpSocket;
use std::os::fd::AsFd;

use process::{Result, Step};

use crate::attack::sys;
use crate::attack::target::Attack;

/// A size for packets that nobody else would choose.
const ODD_MTU: i32 = 4321;

pub const ATTACK: Attack = Attack {
    name: "interface",
    title: "reconfigure an interface",
    tries: "change the size of packets on the loopback interface.",
    why: "the container's interfaces are those of its own network namespace.",
    reference: "netdevice(7), network_namespaces(7)",
    stopped_by: 5,
    run: |target| {
        let before = mtu(None)?;
        let said = target.attack::<&str>(&[], &[])?;
        let after = mtu(None)?;
        mtu(Some(before))?;
        Ok(said.judged(after == ODD_MTU, "the host's loopback was changed"))
    },
    inside: |_| mtu(Some(ODD_MTU)).map(|mtu| format!("it is {mtu} now")),
};

fn mtu(mtu: Option<i32>) -> Result<i32> {
    let socket = UdpSocket::bind("0.0.0.0:0").step(|| "open a socket")?;
    sys::loopback_mtu(socket.as_fd(), mtu).step(|| "set the MTU of lo")
}
