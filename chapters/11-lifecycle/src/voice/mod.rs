//! What a container says, and what is said to it.

mod attach;
mod keys;

pub use attach::{AttachOptions, Ended, Input, attach};
pub use keys::DetachKeys;
