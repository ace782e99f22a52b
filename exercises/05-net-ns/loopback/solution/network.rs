//! Which network a container has, and what a new one needs.

use clap::ValueEnum;
use process::{CloneFlags, Result, Step};

use crate::sys;

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
    match mode {
        Mode::None => CloneFlags::CLONE_NEWNET,
        Mode::Host => CloneFlags::empty(),
    }
}

/// Makes the container's network usable. It runs in the container.
pub fn configure(mode: Mode) -> Result<()> {
    if mode == Mode::Host {
        return Ok(());
    }
    // A new namespace has this one link, and it is off. With it come the address
    // 127.0.0.1 and the route to it.
    let flags = sys::flags("lo").step(|| "read the flags of lo")?;
    sys::set_flags("lo", flags | libc::IFF_UP).step(|| "switch lo on")
}
