//! Chapter 1: another root directory.
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `chroot.rs`: the kernel's part

#![forbid(unsafe_code)]

pub mod runtime;

mod chroot;
mod options;

pub use chroot::{RootOptions, enter};
pub use options::Options;
