//! Chapter 5: a network of its own.
//!
//! Read [`network`] for the order of things, then [`veth`], [`bridge`], [`pool`] and
//! [`nat`] for one idea each, and [`runtime`] for the whole. How the kernel is asked for all
//! that is in [`netlink`] and [`link`].

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
