//! Chapter 1: another root directory.
//!
//! Read `chroot.rs` for the kernel's part, then [`runtime`] for the whole.

#![forbid(unsafe_code)]

pub mod runtime;

mod chroot;
mod options;

pub use chroot::{RootOptions, enter};
pub use options::Options;
