//! Which network a container has, and what a new one needs.

use clap::ValueEnum;
use process::{CloneFlags, Result};

/// Which network a container has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Its own, with nobody else in it
    None,
    /// The host's
    Host,
}

/// The namespaces that the container needs for its network.
pub fn namespaces(mode: Mode) -> CloneFlags {
    let _ = mode;
    todo!()
}

/// Makes the container's network usable. It runs in the container.
///
/// When it returns, a program in a container with a network of its own can listen on
/// 127.0.0.1, and another one in there can connect to it. The host's network is never
/// changed. `sys` has what you need.
pub fn configure(mode: Mode) -> Result<()> {
    let _ = mode;
    todo!()
}
