//! The writable layer at the container's end: it is read, and then kept or removed.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use process::{Entry, Kind, Outcome, Part, Result, State, Step, Turn};

use crate::Overlay;
use crate::changes::{Changes, changes};
use crate::overlay::RECORD;
use crate::remove::remove_tree;

/// What a writable layer is among a container's parts.
pub const KIND: Kind = Kind { turn: Turn::Files, sweep };

/// A writable layer that was kept, and where.
#[derive(Debug)]
pub struct Kept(pub PathBuf);

impl Entry for Kept {
    fn news(&self) -> Vec<String> {
        vec![format!("kept: {}", self.0.display())]
    }
}

impl Part for Overlay {
    fn kind(&self) -> Option<Kind> {
        Some(KIND)
    }

    fn notes(&self) -> Vec<String> {
        let dir = self.dir.display();
        match self.tmpfs {
            None => Vec::new(),
            Some(_) => vec![format!(
                "the writable layer is in memory: the file system of {dir} cannot hold one"
            )],
        }
    }

    /// What the container changed; and with `--keep`, the layer is put aside.
    fn report(&self, outcome: &mut Outcome) -> Result<()> {
        let upper = self.on_host().join("upper");
        let changes = changes(&upper, &self.layers.lower, &self.mount_points);
        if let Some(kept) = &self.layers.keep {
            keep(&upper, kept)?;
            outcome.add(Kept(kept.clone()));
        }
        outcome.add(Changes(changes?));
        Ok(())
    }
}

impl Drop for Overlay {
    fn drop(&mut self) {
        if self.stays {
            return;
        }
        // A layer that cannot be removed stays recorded, and the next sweep tries again.
        let _ = remove_tree(&self.dir);
    }
}

/// Moves the writable layer out of the record directory, which is about to go.
fn keep(upper: &Path, kept: &Path) -> Result<()> {
    let parent = kept.parent().unwrap_or(kept);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(parent)
        .step(|| format!("create {}", parent.display()))?;
    fs::rename(upper, kept).step(|| format!("keep the writable layer as {}", kept.display()))
}

/// Removes the writable layer of an abandoned container; tells what it removed.
///
/// # Errors
/// If something is mounted below it, or it cannot be removed.
fn sweep(state: &State) -> Result<Vec<String>> {
    let dir = state.dir().join(RECORD);
    if dir.try_exists().step(|| format!("look at {}", dir.display()))? {
        remove_tree(&dir).map(|()| vec![format!("writable layer {}", dir.display())])
    } else {
        Ok(Vec::new())
    }
}
