//! Chapter 5: a network of its own.
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `network.rs`: the order of things
//! - `veth.rs`: the cable
//! - `bridge.rs`: what it ends in
//! - `pool.rs`: who has which address
//!
//! Second reading:
//!
//! - `nat/`: the way out, and ports that lead in
//! - `plan.rs`: the options, and what they mean
//! - `plug.rs`, `publish.rs`, `lock.rs`: what one container has of the bridge
//! - `hardening.rs`, `forwarding.rs`, `resolv.rs`: what is believed, let through and asked
//! - `netlink.rs`, `attributes.rs`, `link.rs`, `neighbour.rs`: how the kernel is asked, and answers
//! - `address.rs`, `subnet.rs`, `sysctl.rs`: what it is told

#![forbid(unsafe_code)]

pub mod address;
pub mod bridge;
pub mod forwarding;
pub mod hardening;
pub mod link;
pub mod lock;
pub mod nat;
pub mod neighbour;
pub mod netlink;
pub mod network;
pub mod plan;
pub mod plug;
pub mod pool;
pub mod publish;
pub mod resolv;
pub mod runtime;
pub mod subnet;
pub mod sysctl;
pub mod veth;

mod attributes;
mod options;

pub use address::{add as add_address, of as address_of};
pub use bridge::{Bridge, Switch};
pub use forwarding::{Before, route_from, route_nothing_from};
pub use hardening::{harden, harden_bridge, harden_inside};
pub use link::Link;
pub use nat::{Lan, Nat};
pub use neighbour::Neighbour;
pub use netlink::{LOOPBACK, Netlink};
pub use network::{Network, set_up_loopback};
pub use options::Options;
pub use plan::{Mode, NetworkMode, NetworkOptions, NetworkPlan, another_container};
pub use plug::{KIND, Plug};
pub use publish::{HELD_OUTSIDE, Protocol, Publish, Published};
pub use resolv::resolv_conf;
pub use subnet::Subnet;
pub use sysctl::Sysctl;
