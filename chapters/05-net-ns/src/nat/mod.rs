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

mod iptables;
mod lan;
mod nft;
mod program;

use std::net::Ipv4Addr;

pub use lan::Lan;
use process::{Result, search_path};
pub use program::run;

use crate::publish::Published;

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
        let is_there = |program| search_path::find(program).is_some();
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
    pub fn join(self, lan: &Lan<'_>) -> Result<()> {
        match self {
            Self::Nft => nft::join(lan),
            Self::Iptables => iptables::join(lan),
        }
    }

    /// Undoes [`Self::join`], if it was ever done.
    pub fn part(self, bridge: &str) -> Result<()> {
        match self {
            Self::Nft => nft::remove(bridge),
            Self::Iptables => iptables::remove(bridge),
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
