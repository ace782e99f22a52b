//! Takes a link that leads nowhere for a file that was not there.

use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use process::{Result, Step};

/// The changes in `upper`, compared with the image, a line each.
pub fn changes(upper: &Path, image: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    compare(upper, image, Path::new("/"), &mut found)?;
    Ok(found)
}

/// Adds the changes in the directory that the container saw as `seen`.
fn compare(upper: &Path, image: &Path, seen: &Path, found: &mut Vec<String>) -> Result<()> {
    let step = || format!("list {}", upper.display());
    for entry in fs::read_dir(upper).step(step)? {
        let name = entry.step(step)?.file_name();
        let (upper, image, seen) = (upper.join(&name), image.join(&name), seen.join(&name));
        let own = upper.symlink_metadata().step(|| format!("look at {}", upper.display()))?;
        let was_there = image.exists();
        let kind = match was_there {
            _ if is_whiteout(&own) => 'D',
            true => 'C',
            false => 'A',
        };
        // What came and went within the container's life is no change.
        if kind != 'D' || was_there {
            found.push(format!("{kind} {}", seen.display()));
        }
        if own.is_dir() {
            compare(&upper, &image, &seen, found)?;
        }
    }
    Ok(())
}

/// "Not here": a character device with the number 0:0.
fn is_whiteout(entry: &Metadata) -> bool {
    entry.file_type().is_char_device() && entry.rdev() == 0
}
