//! Chapter 7: layers.
//!
//! Until here a container wrote into its root file system, and the next one found
//! what it left. An overlay lays a writable directory over a read-only image, which
//! is what makes one image good for any number of containers:
//!
//! ```text
//!   container A          container B
//!   upper A (its own)    upper B (its own)
//!   └──────────┬─────────────┘
//!            image  (read-only, shared)
//! ```
//!
//! Afterwards the upper directory tells exactly which files were added, changed and
//! deleted; packed into an archive, it would be the next layer of an image, which is
//! what chapter 11 does.
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `overlay.rs`: one root of many layers
//! - `mount_options.rs`: how mount(2) is told
//! - `upper.rs`, `short_names.rs`: what it does not take
//! - `changes.rs`, `layers.rs`: what a container changed
//!
//! Second reading:
//!
//! - `owner.rs`: what chapter 8 changes about it
//! - `end.rs`, `remove.rs`: kept, or away with what a container wrote

pub mod changes;
pub mod runtime;

mod end;
mod layers;
mod mount_options;
mod options;
mod overlay;
mod owner;
mod remove;
mod short_names;
mod sys;
mod upper;

pub use changes::{Change, Changes};
pub use end::{KIND, Kept};
pub use mount_options::{Upper, mount_options};
pub use options::Options;
pub use overlay::{LayerOptions, Layers, Overlay};
pub use remove::{refuse_mounts, remove_tree};
