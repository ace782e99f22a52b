//! The roots that the rest of `lab` asks for.

use std::path::PathBuf;

use super::cache::Cache;
use super::origin::Origin;
use super::remove;
use super::working::{self, Working};

/// What to do about a damaged working root.
pub const RESET_HINT: &str = "`lab rootfs reset` restores it";

/// The image that nobody writes to: the lower layer from chapter 07 on. Built if there
/// is none, or if the host's tools have changed since.
///
/// # Errors
/// If it cannot be built.
pub fn pristine() -> anyhow::Result<PathBuf> {
    let cache = Cache::locate()?;
    // While the busybox that it was made of is as it was, nobody has to look into that.
    let is_free = Origin::asked_for()?.is_none();
    if is_free && let Some(image) = cache.fresh(Origin::Busybox) {
        return Ok(image.root());
    }
    Ok(cache.image(Origin::choose()?)?.root())
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
