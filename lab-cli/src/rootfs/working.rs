//! The working root: a copy of the image that learners may do anything to.
//!
//! Before chapter 7 brings layers, a container's writes end up in its root directory
//! and stay there. That is worth seeing, and `rm /bin/sh` is part of it. So the image
//! is never handed out to those chapters, but a copy of it, which lives until
//! `lab rootfs reset`: also when the host's tools change, and a newer image is there.

use std::fs;
use std::path::PathBuf;

use process::record::Lock;
use process::{Result, Step};

use super::cache::Cache;
use super::discard::discard;
use super::image::Image;
use super::origin::Origin;
use super::{damage, remove, tree};

/// The root that chapters 01 to 06 use and change.
#[derive(Debug)]
pub struct Working {
    /// Its directory.
    pub path: PathBuf,
    /// What it has lost, such as `1 missing (bin/sh)`; `None` if it is whole.
    pub damage: Option<String>,
}

/// The working root, made now if there is none.
///
/// # Errors
/// If it cannot be made or looked at.
pub fn get() -> Result<Working> {
    let cache = Cache::locate()?;
    let working = locate(&cache)?;
    if !working.dir().exists() {
        let lock = cache.lock()?;
        // Somebody else may have made it while we waited.
        if !working.dir().exists() {
            let image = cache.image_under(&lock, Origin::choose()?)?;
            make(&cache, &image, &working, &lock)?;
        }
    }
    Ok(Working { path: working.root(), damage: damage::of(&working)? })
}

/// Where the working root is, or will be. A forced origin has one of its own, so that
/// trying it does not cost the learner's.
///
/// # Errors
/// If the user has no cache, or the origin is not known.
pub fn locate(cache: &Cache) -> Result<Image> {
    let name = match Origin::asked_for()? {
        None => "working".to_owned(),
        Some(origin) => format!("working-{}", origin.name()),
    };
    Ok(Image::at(cache.path(&name)))
}

/// Replaces the working root by a new copy of the newest image, repairs the image if
/// need be, and removes what is left over. One line for each thing done.
///
/// # Errors
/// If it is in use, or something is mounted in it.
pub fn reset() -> Result<Vec<String>> {
    let cache = Cache::locate()?;
    let lock = cache.lock()?;
    let mut done = Vec::new();
    let origin = Origin::choose()?;
    let mut image = cache.image_under(&lock, origin)?;
    if let Some(damage) = damage::of(&image)? {
        remove::retire(&cache, image.dir(), &lock)?;
        image = cache.image_under(&lock, origin)?;
        done.push(format!("built the image again: {damage}"));
    }
    let working = locate(&cache)?;
    make(&cache, &image, &working, &lock)?;
    done.push(format!("restored the working root {}", working.root().display()));
    done.extend(remove::leftovers(&cache, &lock));
    Ok(done)
}

/// Makes the working root a new copy of an image, with its lists.
fn make(cache: &Cache, image: &Image, working: &Image, lock: &Lock) -> Result<()> {
    if working.dir().symlink_metadata().is_ok() {
        remove::retire(cache, working.dir(), lock)?;
    }
    let unfinished = cache.path("unfinished");
    discard(&unfinished, lock)?;
    if let Err(error) = tree::copy(image.dir(), &unfinished) {
        let _ = discard(&unfinished, lock);
        return Err(error);
    }
    fs::rename(&unfinished, working.dir())
        .step(|| format!("put {} in place", working.dir().display()))
}
