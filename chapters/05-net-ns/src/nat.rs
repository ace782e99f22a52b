//! Rewriting addresses on the way: network address translation.
//!
//! Nobody outside knows the way to 10.76.0.23, so the host lends its own address.
//! The kernel does the rewriting, and remembers each connection to undo it on the way
//! back; we only write the rules. Packets pass them at fixed points, the *hooks*:
//!
//! ```text
//!   from a link ──▶ PREROUTING ──▶ (route) ──▶ forward ──▶ POSTROUTING ──▶ to a link
//!                                     │                        ▲
//!                                     ▼                        │
//!                                a program ──▶ OUTPUT ─────────┘
//! ```
//!
//! | rule | hook | for |
//! |---|---|---|
//! | *DNAT*: the destination becomes the container's | PREROUTING | clients elsewhere |
//! | the same | OUTPUT | clients on the host itself |
//! | *masquerade*: the source becomes the host's | POSTROUTING | containers calling outside |
//! | the same | POSTROUTING | those whose answer would not come back through here: a neighbour on the bridge, and 127.0.0.1 |
//! | *guard*: drop what comes from the bridge and is for 127.0.0.0/8 | PREROUTING | the host's own loopback services, see [`crate::forwarding`] |
//! | *forward*: drop what nobody has asked for | forward | see below |
//!
//! The first two are one table for each container that publishes ports, the others
//! one table for the bridge. Each is written, and removed by its name, as a whole.
//!
//! A router sends on whatever it gets, so with the first container every machine beside
//! the host could reach all ports of all containers, and each network of the host all the
//! others. Therefore:
//!
//! - to `lab0` passes what was redirected (DNAT: a published port), what belongs to a
//!   connection that a container has begun, and what comes from `lab0`;
//! - between other links passes nothing, if the host was no router before. Not meant are
//!   bridges that others have made since, such as Docker's; nor what goes from port to port
//!   of one bridge, which `br_netfilter` shows to these rules as well.
//!
//! Other programs' rules hold beside ours: a packet passes if nobody drops it.
//!
//! What writes them is the host's `nft`, or `iptables` where there is no nft. One
//! thing is left out: the kernel remembers UDP "connections" for half a minute, so a
//! client that goes on sending from one port may miss the change of a container.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use process::{Error, Result, Step};

use crate::bridge::{AnyBridge, Bridge};
use crate::publish::Published;
use crate::{iptables, nft};

/// A program that can write the kernel's rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nat {
    /// `nft`, of the package nftables.
    Nft,
    /// `iptables-restore`, of the package iptables.
    Iptables,
}

impl Nat {
    /// The one that this host has.
    pub fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let is_there =
            |program| std::env::split_paths(&path).any(|dir| dir.join(program).is_file());
        if is_there(nft::PROGRAM) {
            Some(Self::Nft)
        } else if is_there(iptables::PROGRAM) {
            Some(Self::Iptables)
        } else {
            None
        }
    }

    /// What we write down about it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::Iptables => "iptables",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Nft, Self::Iptables].into_iter().find(|nat| nat.name() == name)
    }

    /// Joins the bridge with the outside: masquerading, and what may pass.
    pub fn join(self, bridge: &Bridge, older: &[AnyBridge]) -> Result<()> {
        match self {
            Self::Nft => nft::join(bridge, older),
            Self::Iptables => iptables::join(bridge, older),
        }
    }

    /// Undoes [`Self::join`], if it was ever done.
    pub fn part(self) -> Result<()> {
        match self {
            Self::Nft => nft::remove(crate::bridge::BRIDGE),
            Self::Iptables => iptables::remove(crate::bridge::BRIDGE),
        }
    }

    /// Leads ports of the host to the container `id`.
    pub fn publish(self, id: &str, address: Ipv4Addr, ports: &[Published]) -> Result<()> {
        match self {
            Self::Nft => nft::publish(&table(id), address, ports),
            Self::Iptables => iptables::publish(&table(id), address, ports),
        }
    }

    /// Undoes [`Self::publish`], if it was ever done.
    pub fn unpublish(self, id: &str) -> Result<()> {
        match self {
            Self::Nft => nft::remove(&table(id)),
            Self::Iptables => iptables::remove(&table(id)),
        }
    }
}

/// The name of a container's table.
pub fn table(id: &str) -> String {
    format!("lab-{id}")
}

/// Runs one of the programs on a text, and returns what it prints.
pub fn run(program: &str, args: &[&str], input: &str) -> Result<String> {
    let step = || format!("run {program}");
    // One pipe for what it prints and what it complains of: no waiting for two at once.
    let (mut output, end) = io::pipe().step(step)?;
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped());
    command.stdout(end.try_clone().step(step)?).stderr(end);
    let mut child = command.spawn().step(step)?;
    drop(command); // and with it our copies of the pipe's end
    // Its input ends here, too.
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()));
    let mut said = Vec::new();
    let read = output.read_to_end(&mut said);
    // Waited for in any case: what it does is either done or not, when we go on.
    let status = child.wait().step(step)?;
    match written {
        // A program that does not read to the end says why.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        // But one that has read less than there was may be content with that.
        written => written.step(step)?,
    }
    read.step(step)?;
    let said = String::from_utf8_lossy(&said);
    if status.success() {
        return Ok(said.into_owned());
    }
    let complaint = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason");
    Err(Error::new(format!("write address translation rules: {program}: {}", complaint.trim()))
        .hint("it needs root, and the kernel's nf_tables and nf_nat"))
}
