//! Unpacks a layer of an image into a directory.
//!
//! Afterwards the directory is mounted over the layers below, which must stay as they are:
//! other containers use them, too.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use process::{Result, Step};

/// A file `.wh.NAME` in a layer means: NAME is deleted.
const WHITEOUT: &str = ".wh.";

/// Copies what is in the layer `from` into the directory `to`, level by level.
pub fn apply(from: &Path, to: &Path) -> Result<()> {
    let step = || format!("unpack {}", from.display());
    for entry in fs::read_dir(from).step(step)? {
        let entry = entry.step(step)?;
        let (path, name) = (entry.path(), entry.file_name());
        let deleted = name.to_str().and_then(|name| name.strip_prefix(WHITEOUT));
        if let Some(deleted) = deleted {
            delete(&to.join(deleted))?;
        } else if entry.file_type().step(step)?.is_dir() {
            make_directory(&to.join(&name))?;
            apply(&path, &to.join(&name))?;
        } else {
            fs::copy(&path, to.join(&name)).step(|| format!("copy {}", path.display()))?;
        }
    }
    Ok(())
}

/// Deletes what a layer says is no more.
fn delete(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        // It is gone already, which is what was wanted.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.step(|| format!("delete {}", path.display())),
    }
}

fn make_directory(path: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made.step(|| format!("create {}", path.display())),
    }
}
