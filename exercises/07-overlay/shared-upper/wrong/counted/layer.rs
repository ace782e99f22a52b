//! A container's own layer, over the image that it shares with others.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use mount_ns::Root;
use nix::mount::{MsFlags, mount};
use process::{Part, Result, Step};

/// The directories of one container. Dropping it removes them.
#[derive(Debug)]
pub struct Layer {
    image: PathBuf,
    dir: PathBuf,
}

impl Layer {
    /// Makes the directories below `scratch`, for the container with this id.
    pub fn create(scratch: &Path, image: PathBuf, _id: &str) -> Result<Self> {
        // Counts up in this process only. The next runtime begins at 0 again.
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let dir = scratch.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
        for part in ["upper", "work", "merged"] {
            let dir = dir.join(part);
            fs::create_dir_all(&dir).step(|| format!("create {}", dir.display()))?;
        }
        Ok(Self { image, dir })
    }

    /// Where the layers are seen as one tree.
    pub fn merged(&self) -> PathBuf {
        self.dir.join("merged")
    }

    /// In the container: mounts the layers.
    pub fn mount(&self) -> Result<Root> {
        let (lower, upper, work) = (&self.image, self.dir.join("upper"), self.dir.join("work"));
        let (lower, upper, work) = (lower.display(), upper.display(), work.display());
        let options = format!("lowerdir={lower},upperdir={upper},workdir={work}");
        let merged = self.merged();
        mount(Some("overlay"), &merged, Some("overlay"), MsFlags::empty(), Some(&*options))
            .step(|| "mount the overlay")?;
        Root::open(&merged)
    }
}

impl Part for Layer {}

impl Drop for Layer {
    fn drop(&mut self) {
        // It was mounted in the container only, and that has ended.
        let _ = fs::remove_dir_all(&self.dir);
    }
}
