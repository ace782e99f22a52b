//! A port that nobody has published, called from another machine.

use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use process::{Result, Step};

use crate::attack::attacker::{tell_host, wait_for_end};
use crate::attack::cell::Finding;
use crate::attack::conversation::Conversation;
use crate::attack::lan::{Lan, MACHINE};
use crate::attack::places::LAB;
use crate::attack::target::Attack;

/// How long the other machine's call may take. One that is dropped is never answered.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long the host's own may take, after which the cable carries.
const LONG_PATIENCE: Duration = Duration::from_secs(5);

pub const ATTACK: Attack = Attack {
    name: "open-port",
    title: "open a port to the network",
    tries: "listen on a port that was not published, and have another machine call it there: \
            by the container's own address, for which it asks the host.",
    why: "the port is one of the container's network namespace. The host is a router as long \
          as there are containers, but to them it sends on only what was published, and the \
          answers to what they have asked.",
    reference: "Docker 28: \"hardening container networking by default\"",
    stopped_by: 5,
    run: |target| {
        let lan = Lan::new()?;
        let command = target.prepare::<&str>(LAB, &[], LAB, &[]);
        let mut attacker = Conversation::begin(target, command)?;
        let address = attacker.hear()?.unwrap_or_default();
        let is_reached = match address.parse::<SocketAddr>() {
            Ok(address) => {
                TcpStream::connect_timeout(&address, LONG_PATIENCE).step(|| "call it ourselves")?;
                lan.on_machine(|| Ok(TcpStream::connect_timeout(&address, PATIENCE).is_ok()))?
            }
            // It has not come so far, and says why.
            Err(_) => false,
        };
        Ok(match (is_reached, attacker.end(target)?.0) {
            (true, _) => Finding::Works("another machine has reached the port".to_owned()),
            (false, Ok(_)) => Finding::Blocked("the host does not send the call on".to_owned()),
            (false, Err(why)) => Finding::Blocked(why),
        })
    },
    inside: |_| {
        let server = TcpListener::bind("0.0.0.0:0").step(|| "open a port")?;
        let mut address = server.local_addr().step(|| "look for its number")?;
        address.set_ip(own_address()?);
        tell_host(&address.to_string())?;
        wait_for_end()?;
        Ok("it was open".to_owned())
    },
};

/// The one under which we would call another machine.
fn own_address() -> Result<IpAddr> {
    let step = || "look for an address of our own";
    let socket = UdpSocket::bind("0.0.0.0:0").step(step)?;
    // Nothing is sent by that.
    socket.connect((MACHINE, 9)).step(step)?;
    Ok(socket.local_addr().step(step)?.ip())
}
