//! What the rules say of a bridge.

use crate::link::Link;
use crate::subnet::Subnet;

/// The network behind a bridge.
#[derive(Clone, Copy, Debug)]
pub struct Lan<'a> {
    /// The bridge's name, which its table or chain has as well.
    pub bridge: &'a str,
    /// The bridge's number.
    pub index: u32,
    /// The addresses on it.
    pub subnet: Subnet,
    /// Whether the host was a router before there was this bridge.
    pub was_router: bool,
    /// The bridges that were there before.
    pub older: &'a [Link],
}
