//! Attacks on the host's network: services that only the host itself should reach.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use process::{Result, Step};

use super::processes::number;
use crate::attack::{Attack, sys};

/// A size for packets that nobody else would choose.
const ODD_MTU: i32 = 4321;

/// What the host's abstract socket is called.
const NAME: &str = "lab-canary";

pub const LOOPBACK: Attack = Attack {
    name: "loopback",
    title: "reach a service on 127.0.0.1",
    tries: "connect to a service that the host offers to itself only.",
    why: "a network namespace has a loopback of its own, and no one listens there.",
    reference: "network_namespaces(7)",
    stopped_by: 5,
    run: |target| {
        let service = TcpListener::bind("127.0.0.1:0").step(|| "offer a service")?;
        let port = service.local_addr().step(|| "look for its port")?.port();
        let said = target.attack(&[], &[port.to_string()])?;
        service.set_nonblocking(true).step(|| "look who came")?;
        let has_come = came(service.accept())?;
        Ok(said.judged(has_come, "the host's service was reached"))
    },
    inside: |words| {
        let port = number(words)? as u16;
        TcpStream::connect(("127.0.0.1", port)).step(|| "connect to the host's 127.0.0.1")?;
        Ok("connected".to_owned())
    },
};

pub const ABSTRACT: Attack = Attack {
    name: "abstract-socket",
    title: "reach an abstract socket",
    tries: "connect to a Unix socket that has a name but no file, as X servers and, in 2020, \
            containerd had.",
    why: "no file, so no root directory or mount hides it; these names belong to the network \
          namespace. With --network host they are the host's again.",
    reference: "unix(7), CVE-2020-15257",
    stopped_by: 5,
    run: |target| {
        let address = SocketAddr::from_abstract_name(NAME).step(|| "name a socket")?;
        let service = UnixListener::bind_addr(&address).step(|| "offer a socket")?;
        let said = target.attack::<&str>(&[], &[])?;
        service.set_nonblocking(true).step(|| "look who came")?;
        let has_come = came(service.accept())?;
        Ok(said.judged(has_come, "the host's socket was reached"))
    },
    inside: |_| {
        let address = SocketAddr::from_abstract_name(NAME).step(|| "name a socket")?;
        UnixStream::connect_addr(&address).step(|| "connect to the abstract socket")?;
        Ok("connected".to_owned())
    },
};

pub const INTERFACE: Attack = Attack {
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

/// Whether somebody has connected.
fn came<T>(accepted: std::io::Result<T>) -> Result<bool> {
    match accepted {
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
        accepted => accepted.map(|_| true).step(|| "look who came"),
    }
}
