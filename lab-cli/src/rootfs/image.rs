//! A built root: its tree, and beside it what is known of it.
//!
//! Two files lie beside the tree. `about.json` is for people, and `files` is what the
//! tree must hold, for the check at the start of every run: one line a name, the ones
//! without which no shell starts first:
//!
//! ```text
//!   file 755 125688 usr/bin/dash      kind, mode (octal), size (bytes), path
//!   link 777 4 usr/bin/sh
//!   text 644 0 etc/hosts              may be changed, but not be missing
//! ```

use std::fs::{self, DirBuilder};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use process::{Result, Step};
use serde::{Deserialize, Serialize};

use super::origin::Origin;
use super::plan::{LeftOut, Plan};
use super::tree::Entry;

/// A root file system in the cache.
#[derive(Debug)]
pub struct Image {
    dir: PathBuf,
}

/// What people want to know of an image.
#[derive(Debug, Deserialize, Serialize)]
pub struct About {
    /// Where its programs come from.
    pub origin: Origin,
    /// Files, links and directories.
    pub files: usize,
    /// The bytes of all files together.
    pub bytes: u64,
    /// The programs by name, sorted.
    pub programs: Vec<String>,
    /// What was wanted and could not be had.
    pub left_out: Vec<LeftOut>,
}

impl Image {
    /// The image in this directory, which need not be there.
    pub fn at(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// The directory of everything that belongs to it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The root file system.
    pub fn root(&self) -> PathBuf {
        self.dir.join("root")
    }

    /// The list of names that must be in it.
    pub fn files(&self) -> PathBuf {
        self.dir.join("files")
    }

    /// What is known of it.
    pub fn about(&self) -> Result<About> {
        let path = self.dir.join("about.json");
        let step = || format!("read {}", path.display());
        let text = fs::read(&path).step(step)?;
        serde_json::from_slice(&text).map_err(std::io::Error::from).step(step)
    }

    /// Builds an image in a new directory, which only this user can enter: a copy of it is
    /// the working root.
    pub fn write(dir: &Path, origin: Origin, plan: &Plan) -> Result<()> {
        DirBuilder::new().mode(0o700).create(dir).step(|| format!("create {}", dir.display()))?;
        let image = Self::at(dir.to_owned());
        plan.tree.write(&image.root())?;
        let bytes = plan.tree.entries.values().map(|entry| match entry {
            Entry::Copy { stamp, .. } => stamp.size,
            Entry::Text(text) => text.len() as u64,
            Entry::Directory(_) | Entry::Link(_) => 0,
        });
        let about = About {
            origin,
            files: plan.tree.entries.len(),
            bytes: bytes.sum(),
            programs: plan.programs.clone(),
            left_out: plan.left_out.clone(),
        };
        let about = serde_json::to_vec_pretty(&about).unwrap_or_default();
        let write = |name: &str, text: &[u8]| {
            let path = dir.join(name);
            fs::write(&path, text).step(|| format!("write {}", path.display()))
        };
        write("about.json", &about)?;
        write("files", &list(plan))
    }
}

/// The list of names, those that a shell needs first.
fn list(plan: &Plan) -> Vec<u8> {
    let is_essential = |path: &PathBuf| plan.essential.contains(path);
    let (first, rest): (Vec<_>, Vec<_>) =
        plan.tree.entries.iter().partition(|(path, _)| is_essential(path));
    let mut text = Vec::new();
    for (path, entry) in first.into_iter().chain(rest) {
        let (kind, mode, size) = match entry {
            Entry::Directory(mode) => ("directory", *mode, 0),
            Entry::Copy { mode, stamp, .. } => ("file", *mode, stamp.size),
            Entry::Text(text) => ("text", 0o644, text.len() as u64),
            Entry::Link(target) => ("link", 0o777, target.as_os_str().len() as u64),
        };
        let _ = write!(text, "{kind} {mode:o} {size} ");
        text.extend_from_slice(path.as_os_str().as_bytes());
        text.push(b'\n');
    }
    text
}
