//! Chapter 8: root inside, nobody outside.
//!
//! Much was taken out of sight in the chapters before, and still the container's root was
//! the host's root: one forgotten corner of the kernel, and it has everything. In a user
//! namespace it is root over what the container is made of, and an ordinary user of the
//! host, without a name there, for all else:
//!
//! ```text
//!   in the container           on the host
//!   uid 0  root                uid 100000
//!   uid 1000                   uid 101000
//!   mount, route, chown: yes   mount, route, kill, read /etc/shadow: no
//! ```
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `namespace.rs`: the container's side
//! - `maps.rs`, `subordinate.rs`: who is who
//! - `trees.rs`, `idmap.rs`: the files
//!
//! Second reading:
//!
//! - `clock.rs`: the eighth namespace, which is small
//! - `rootless/`: the same feature from the other end: the course, for users who are not root
//!
//! Left out on purpose: ranges that keep containers apart from one another, not only
//! from the host; giving the caller's terminal and files to the container's root, who
//! may use them but not open them anew (chapter 10 has terminals). Root in here can
//! still do much to its own container: chapter 9 takes capabilities away.

pub mod clock;
pub mod idmap;
pub mod maps;
pub mod namespace;
pub mod rootless;
pub mod runtime;
pub mod subordinate;

mod options;
mod sys;
mod trees;

pub use clock::{Clock, ClockOptions};
pub use namespace::{Maps, Mode, UserNamespace, UserOptions, Users};
pub use options::Options;
pub use trees::Trees;
