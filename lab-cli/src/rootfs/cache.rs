//! Where images are kept, and when one has to be built again.
//!
//! ```text
//!   ~/.cache/container-lab/rootfs/       $LAB_CACHE_DIR/rootfs, where that is set
//!   ├── lock                             held with flock(2) by whoever changes anything here
//!   ├── host.index                       the newest image of host tools, and its sources
//!   ├── 1f0c6a2be55d9a03/                an image, named by a fingerprint of its contents
//!   │   ├── about.json  files            what is in it, for people and for the check
//!   │   └── root/                        the tree: a lower layer for chapter 07 on
//!   └── working/                         a copy, for chapters 01 to 06 to write into
//!       ├── about.json  files
//!       └── root/
//! ```
//!
//! An image is built beside its place and renamed into it, so it is there whole or not
//! at all, and it is never changed afterwards. Most runs find one that is up to date
//! and take no lock: they read the index and `stat` what is listed in there. After a
//! change on the host there is a new image beside the old one, which may still be some
//! container's lower layer; [`super::remove`] takes care of those.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use process::home::{absolute, home, is_ours};
use process::record::Lock;
use process::{Result, Step, record};

use super::discard::discard;
use super::image::Image;
use super::origin::Origin;
use super::tree::Stamp;
use super::{host, skeleton};

/// The directory of images and working roots.
#[derive(Debug)]
pub struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Finds the cache of this user; it need not exist yet.
    ///
    /// # Errors
    /// If no directory of this user's own can be found.
    pub fn locate() -> Result<Self> {
        user_directory().map(|dir| Self { dir: dir.join("rootfs") })
    }

    /// Whether there is anything in it yet.
    pub fn exists(&self) -> bool {
        self.dir.is_dir()
    }

    /// A path in the cache.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Waits until nobody else changes the cache.
    pub fn lock(&self) -> Result<Lock> {
        record::make_private(&self.dir).step(|| format!("create {}", self.dir.display())).map_err(
            |error| error.with_hint("LAB_CACHE_DIR names another directory for root file systems"),
        )?;
        let path = self.path("lock");
        let step = || format!("lock {}", path.display());
        let file =
            File::options().write(true).create(true).truncate(false).open(&path).step(step)?;
        Lock::wait_for(file).step(step)
    }

    /// The newest image of an origin, if its sources on the host have not changed.
    pub fn fresh(&self, origin: Origin) -> Option<Image> {
        let index = fs::read(self.index(origin)).ok()?;
        let mut lines = index.split(|&byte| byte == b'\n');
        let recipe = lines.next()?;
        let image = Image::at(self.dir.join(OsStr::from_bytes(lines.next()?)));
        let is_fresh = recipe == self::recipe().as_bytes()
            && image.root().is_dir()
            && lines.filter(|line| !line.is_empty()).all(is_unchanged);
        is_fresh.then_some(image)
    }

    /// The image of an origin, built now if there is none that is up to date.
    ///
    /// # Errors
    /// If it cannot be planned or written.
    pub fn image(&self, origin: Origin) -> Result<Image> {
        if let Some(image) = self.fresh(origin) {
            return Ok(image);
        }
        let lock = self.lock()?;
        self.image_under(&lock, origin)
    }

    /// The same for somebody who has the lock already.
    ///
    /// # Errors
    /// If it cannot be planned or written.
    pub fn image_under(&self, lock: &Lock, origin: Origin) -> Result<Image> {
        // While we waited for the lock, another `lab` may have done the work.
        match self.fresh(origin) {
            Some(image) => Ok(image),
            None => self.build(origin, lock),
        }
    }

    /// Plans an image, and writes it if there is none like it.
    fn build(&self, origin: Origin, lock: &Lock) -> Result<Image> {
        let plan = origin.plan()?;
        let name = plan.tree.fingerprint();
        let image = Image::at(self.path(&name));
        if !image.root().is_dir() {
            let unfinished = self.path("unfinished");
            discard(&unfinished, lock)?;
            if let Err(error) = Image::write(&unfinished, origin, &plan) {
                // On a full disk, it is we who fill it.
                let _ = discard(&unfinished, lock);
                return Err(error);
            }
            // Its place may be taken by what is left of one.
            discard(image.dir(), lock)?;
            let step = || format!("put {} in place", image.dir().display());
            fs::rename(&unfinished, image.dir()).step(step)?;
        }
        self.write_index(origin, &name, &plan.tree.sources)?;
        Ok(image)
    }

    /// Makes an image the newest one of its origin.
    fn write_index(
        &self,
        origin: Origin,
        name: &str,
        sources: &BTreeMap<PathBuf, Stamp>,
    ) -> Result<()> {
        let mut text = format!("{}\n{name}\n", recipe()).into_bytes();
        for (path, Stamp { size, mtime }) in sources {
            let _ = write!(text, "{size} {mtime} ");
            text.extend_from_slice(path.as_os_str().as_bytes());
            text.push(b'\n');
        }
        let (unfinished, index) = (self.path("unfinished.index"), self.index(origin));
        fs::write(&unfinished, text)
            .and_then(|()| fs::rename(&unfinished, &index))
            .step(|| format!("write {}", index.display()))
    }

    /// The names of the images that are the newest of an origin.
    pub fn newest(&self) -> Vec<String> {
        [Origin::Busybox, Origin::Host]
            .iter()
            .filter_map(|origin| fs::read_to_string(self.index(*origin)).ok())
            .filter_map(|index| index.lines().nth(1).map(str::to_owned))
            .collect()
    }

    /// Every image, by directory; also the outdated ones.
    pub fn images(&self) -> Vec<PathBuf> {
        self.named(|name| name.len() == 16 && name.iter().all(u8::is_ascii_hexdigit))
    }

    /// What is on its way in or out, and was left so.
    pub fn unfinished(&self) -> Vec<PathBuf> {
        self.named(|name| name == b"unfinished" || name.starts_with(b"retired"))
    }

    fn named(&self, is_it: impl Fn(&[u8]) -> bool) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let found = entries.filter(|entry| is_it(entry.file_name().as_bytes()));
        found.map(|entry| entry.path()).collect()
    }

    fn index(&self, origin: Origin) -> PathBuf {
        self.path(&format!("{}.index", origin.name()))
    }
}

/// Whether a source is as its line of the index says: `size mtime path`.
fn is_unchanged(line: &[u8]) -> bool {
    let mut fields = line.splitn(3, |&byte| byte == b' ');
    let mut number = || std::str::from_utf8(fields.next()?).ok()?.parse::<i128>().ok();
    let (size, mtime) = (number(), number());
    let path = fields.next().unwrap_or_default();
    Stamp::of(Path::new(OsStr::from_bytes(path)))
        .is_ok_and(|now| Some(now.size.into()) == size && Some(now.mtime) == mtime)
}

/// A name for what this program puts into images: another one builds them anew.
fn recipe() -> String {
    let mut hasher = DefaultHasher::new();
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    skeleton::hash(&mut hasher);
    host::hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// The directory for what can be built again.
///
/// # Errors
/// If this user has no place for it.
pub fn user_directory() -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os("LAB_CACHE_DIR").filter(|value| !value.is_empty()) {
        return std::path::absolute(&dir).step(|| format!("find {}", dir.display()));
    }
    let cache = absolute("XDG_CACHE_HOME").filter(|dir| is_ours(dir));
    let dir = cache.map_or_else(|| home().map(|home| home.join(".cache")), Ok);
    Ok(dir
        .map_err(|error| error.with_hint("name a directory of your own with LAB_CACHE_DIR"))?
        .join("container-lab"))
}
