//! `lab doctor`: what this host can and cannot do, and what to type about it.
//!
//! Nothing is concluded from a version or a name that could be tried instead. A
//! namespace is made, an overlay mounted and a bridge joined to a cable, each in a
//! child that ends at once, in namespaces of its own, so that the kernel takes it all
//! back:
//!
//! ```text
//!   lab ── fork ──▶ child   unshare(CLONE_NEWNET), a bridge, a cable
//!    │◀── answer ──── │     gone, and its network with it
//!    ▼
//!   Network   bridge, veth   works   05-07   a bridge and a cable, made and joined
//! ```
//!
//! What the kernel would have to load a module for is not tried, because a module
//! stays: [`modules`] tells those apart. No module is loaded, no cgroup made and no
//! setting changed. The one thing that is on the host for a moment, the directories
//! for the overlay, is recorded like a container's, so that `lab clean` knows them.
//!
//! One file is one group of checks: [`kernel`], [`namespaces`], [`cgroups`],
//! [`files`], [`network`], [`users`], [`restrictions`]. A [`check`] is plain data, and
//! [`render`] makes text of it.

mod cgroups;
mod check;
mod command;
mod distribution;
mod examine;
mod files;
mod host;
mod kernel;
mod modules;
mod namespaces;
mod netfilter;
mod network;
mod overlay;
mod render;
mod restrictions;
mod sys;
mod trial;
mod users;

pub use command::{Args, run};
