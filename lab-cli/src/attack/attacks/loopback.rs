//! A service that the host offers to itself only.

use std::net::{TcpListener, TcpStream};

use process::Step;

use crate::attack::attacker::number;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
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
        let has_come = service.accept().is_ok();
        Ok(said.judged(has_come, "the host's service was reached"))
    },
    inside: |words| {
        let port: u16 = number(words)?;
        TcpStream::connect(("127.0.0.1", port)).step(|| "connect to the host's 127.0.0.1")?;
        Ok("connected".to_owned())
    },
};
