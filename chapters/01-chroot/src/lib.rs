//! Chapter 1: another root directory.
//!
//! Read [`chroot`] for the kernel's part, then [`runtime`] for the whole.

pub mod runtime;

mod chroot;

pub use chroot::{RootOptions, enter};
