//! What a container changed, read off its upper layer, as `docker diff` prints it.
//!
//! | in the upper layer                   | below       | means        |
//! |--------------------------------------|-------------|--------------|
//! | file                                 | nothing     | `A` added    |
//! | file                                 | something   | `C` changed  |
//! | character device 0:0, a *whiteout*   | something   | `D` deleted  |
//! | directory                            | nothing     | `A` added    |
//! | directory                            | a directory | `C` changed  |
//! | directory marked *opaque*            | a directory | replaced: `D` for what it hides |

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use process::{Result, Step};

use crate::sys;

/// Lists the changes in the order of their paths.
///
/// `lower` are the layers below, the topmost first. `mount_points` were made by the
/// runtime; what is only there to hold one is not the container's change.
pub fn changes(upper: &Path, lower: &[PathBuf], mount_points: &[PathBuf]) -> Result<Vec<String>> {
    let layers = Layers { upper, lower, mount_points };
    let mut found = Vec::new();
    layers.compare(Path::new(""), &mut found)?;
    found.sort_by(|one, other| one[2..].cmp(&other[2..]));
    Ok(found)
}

struct Layers<'a> {
    upper: &'a Path,
    lower: &'a [PathBuf],
    mount_points: &'a [PathBuf],
}

impl Layers<'_> {
    // ANCHOR: compare
    /// Adds the changes below the directory `dir`, which is relative to the root.
    fn compare(&self, dir: &Path, found: &mut Vec<String>) -> Result<()> {
        for name in names_in(&self.upper.join(dir))? {
            let path = dir.join(name);
            let full = self.upper.join(&path);
            let upper = full.symlink_metadata().step(|| format!("look at {}", full.display()))?;
            let lower = self.find_below(&path);
            if is_whiteout(&upper) {
                found.extend(lower.map(|_| line('D', &path)));
                continue;
            }
            let kind = if lower.is_some() { 'C' } else { 'A' };
            if !upper.is_dir() {
                if !self.is_mount_point(&path) {
                    found.push(line(kind, &path));
                }
                continue;
            }
            let before = found.len();
            if lower.is_some_and(|lower| lower.is_dir()) && is_opaque(&full)? {
                self.list_hidden(&path, found)?;
            }
            self.compare(&path, found)?;
            if found.len() > before || !self.holds_mount_point(&path) {
                found.push(line(kind, &path));
            }
        }
        Ok(())
    }
    // ANCHOR_END: compare

    /// Adds what an opaque directory hides of the directories below it.
    fn list_hidden(&self, dir: &Path, found: &mut Vec<String>) -> Result<()> {
        let mut names = Vec::new();
        for layer in self.lower.iter().filter(|layer| layer.join(dir).is_dir()) {
            names.extend(names_in(&layer.join(dir))?);
        }
        names.sort();
        names.dedup();
        let hidden = names
            .into_iter()
            .map(|name| dir.join(name))
            .filter(|path| self.find_below(path).is_some() && !exists(&self.upper.join(path)));
        found.extend(hidden.map(|path| line('D', &path)));
        Ok(())
    }

    /// What the layers below have at `path`: the topmost one that says anything.
    fn find_below(&self, path: &Path) -> Option<Metadata> {
        for layer in self.lower {
            if let Ok(entry) = layer.join(path).symlink_metadata() {
                return (!is_whiteout(&entry)).then_some(entry);
            }
            // A parent that is deleted or replaced here hides the layers further down.
            let parents = path.ancestors().skip(1).map(|parent| layer.join(parent));
            for parent in parents.take_while(|parent| parent != layer) {
                match parent.symlink_metadata() {
                    Ok(entry) if !entry.is_dir() => return None,
                    Ok(_) if is_opaque(&parent) == Ok(true) => return None,
                    _ => {}
                }
            }
        }
        None
    }

    fn is_mount_point(&self, path: &Path) -> bool {
        self.mount_points.contains(&Path::new("/").join(path))
    }

    fn holds_mount_point(&self, path: &Path) -> bool {
        let path = Path::new("/").join(path);
        self.mount_points.iter().any(|mount_point| mount_point.starts_with(&path))
    }
}

/// A directory's names, sorted.
fn names_in(dir: &Path) -> Result<Vec<std::ffi::OsString>> {
    let step = || format!("list {}", dir.display());
    let entries = fs::read_dir(dir).step(step)?;
    let names: std::io::Result<Vec<_>> = entries.map(|entry| Ok(entry?.file_name())).collect();
    let mut names = names.step(step)?;
    names.sort();
    Ok(names)
}

fn is_whiteout(entry: &Metadata) -> bool {
    entry.file_type().is_char_device() && entry.rdev() == 0
}

/// Whether a directory replaces, rather than extends, the ones below it.
fn is_opaque(dir: &Path) -> Result<bool> {
    let step = || format!("read the attributes of {}", dir.display());
    let by_root = sys::has_xattr(dir, c"trusted.overlay.opaque", b"y").step(step)?;
    Ok(by_root || sys::has_xattr(dir, c"user.overlay.opaque", b"y").step(step)?)
}

fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|entry| !is_whiteout(&entry))
}

fn line(kind: char, path: &Path) -> String {
    format!("{kind} /{}", path.display())
}
