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
//! - `plug.rs`, `publish.rs`, `lock.rs`: what one container has of the bridge
//! - `hardening.rs`, `forwarding.rs`, `resolv.rs`: what is believed, let through and asked
//! - `netlink.rs`, `link.rs`, `address.rs`, `subnet.rs`, `sysctl.rs`: how the kernel is told

#![forbid(unsafe_code)]

pub mod address;
pub mod bridge;
pub mod forwarding;
pub mod hardening;
pub mod link;
pub mod lock;
pub mod nat;
pub mod netlink;
pub mod network;
pub mod plug;
pub mod pool;
pub mod publish;
pub mod resolv;
pub mod runtime;
pub mod subnet;
pub mod sysctl;
pub mod veth;

mod options;

pub use network::{Mode, Network, NetworkOptions, set_up_loopback};
pub use options::Options;
pub use plug::KIND;
pub use publish::{HELD_OUTSIDE, Protocol, Publish, Published};
