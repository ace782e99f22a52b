//! The default root file system: a container needs files, and this machine has some.
//!
//! A container image is a directory with a shell in it. `lab` makes one without a
//! download, either from a static busybox or by importing the host's own programs and
//! the libraries they need, and keeps it in the user's cache:
//!
//! ```text
//!   host ── plan ──▶ tree ── write ──▶ image ── copy ──▶ working root
//!           (busybox, host)            never changed      chapters 01 to 06 write here
//! ```
//!
//! Read [`host`] for what is taken, [`loader`] for how a program's libraries are found,
//! [`tree`] for where everything goes and [`cache`] for when it is done again.

mod busybox;
mod cache;
mod command;
mod damage;
mod discard;
mod elf;
mod host;
mod image;
mod ld_cache;
mod loader;
mod origin;
mod plan;
mod remove;
mod roots;
mod skeleton;
mod tree;
mod working;

pub use busybox::find as find_busybox;
pub use cache::{Cache, user_directory};
pub use command::{Args, run};
pub use host::with_one_program;
pub use origin::Origin;
pub use roots::{RESET_HINT, pristine, sweep, working};
pub use tree::copy;
