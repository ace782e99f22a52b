//! Many layers: their names have to be short.
//!
//! mount(2) takes one page of options, in which a path of an image store is seldom short. A
//! descriptor's number is, in the directory where these are files:
//!
//! ```text
//!   lowerdir=/var/lib/lab/layers/3f9c…:/var/lib/lab/layers/8d21…:…
//!   lowerdir=5:6:…                                   in /proc/self/fd
//! ```

use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use nix::unistd::chdir;
use process::{Error, Result, Step};

/// mount(2) takes a page of options.
pub(crate) const MOST_OPTIONS: usize = 4096;

/// Layers by the numbers of their descriptors.
///
/// Only the image keeps its name, by which others see in the mount table that it is used.
pub(crate) struct Opened {
    pub names: Vec<PathBuf>,
    _layers: Vec<OwnedFd>,
}

impl Opened {
    pub fn new(lower: &[PathBuf]) -> Result<Self> {
        let Some((image, layers)) = lower.split_last() else {
            return Err(Error::new("there is no layer"));
        };
        let open = |dir: &PathBuf| {
            let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            open(dir, flags, Mode::empty()).step(|| format!("open {}", dir.display()))
        };
        let layers = layers.iter().map(open).collect::<Result<Vec<_>>>()?;
        let numbers = layers.iter().map(|layer| layer.as_raw_fd().to_string().into());
        let names = numbers.chain([image.clone()]).collect();
        chdir("/proc/self/fd").step(|| "change to /proc/self/fd")?;
        Ok(Self { names, _layers: layers })
    }
}
