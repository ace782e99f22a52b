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

use std::path::PathBuf;

mod busybox;
mod cache;
mod command;
mod damage;
mod elf;
mod host;
mod image;
mod ld_cache;
mod loader;
mod plan;
mod remove;
mod skeleton;
mod tree;
mod working;

pub use busybox::find as find_busybox;
pub use cache::{Cache, user_directory};
pub use command::{Args, run};
pub use host::with_one_program;
pub use plan::Origin;
pub use tree::copy;
pub use working::Working;

/// What to do about a damaged working root.
pub const RESET_HINT: &str = "`lab rootfs reset` restores it";

/// The image that nobody writes to: the lower layer from chapter 07 on. Built if there
/// is none, or if the host's tools have changed since.
///
/// # Errors
/// If it cannot be built.
pub fn pristine() -> anyhow::Result<PathBuf> {
    let image = Cache::locate()?.image(Origin::choose()?)?;
    Ok(image.root())
}

/// The learner's own root, for chapters 01 to 06; copied from the image at first use.
///
/// # Errors
/// If it cannot be made or looked at.
pub fn working() -> anyhow::Result<Working> {
    Ok(working::get()?)
}

/// Removes what nobody will use again: unfinished work of a `lab` that was killed, and
/// images of a host that has changed. One line for each, for `lab clean`.
///
/// # Errors
/// If the cache cannot be locked.
pub fn sweep() -> anyhow::Result<Vec<String>> {
    // A user who has no home has no cache either.
    let Some(cache) = Cache::locate().ok().filter(Cache::exists) else {
        return Ok(Vec::new());
    };
    let lock = cache.lock()?;
    Ok(remove::leftovers(&cache, &lock))
}
