//! Has the namespaces, and prints the name instead of setting it.

use std::path::Path;

use process::{CloneFlags, Result};

pub fn namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC
}

pub fn set(name: &str, _root: &Path, _files: &Path) -> Result<()> {
    println!("hostname: {name}\n127.0.1.1 {name}");
    Ok(())
}
