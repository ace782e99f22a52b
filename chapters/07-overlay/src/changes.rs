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

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use mount_ns::{Descent, Visitor};
use nix::errno::Errno;
use nix::fcntl::AtFlags;
use nix::sys::stat::{SFlag, fstatat};
use process::{Entry, Error, Result, Step};

use crate::layers::{Below, is_opaque, is_whiteout, kind_of, list_below, look_below, resolve};

/// As many bytes of paths are listed. In a tree that is deep for no other purpose, they are
/// the square of what the tree takes.
const MOST: usize = 128 << 20;

/// A file that was added, changed or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `A`, `C` or `D`.
    pub kind: char,
    /// Its absolute path in the container: bytes of the container's choice.
    pub path: PathBuf,
}

/// What the container has changed in its root, in the order of the paths.
#[derive(Debug)]
pub struct Changes(pub Vec<Change>);

impl Entry for Changes {}

/// Lists the changes in the order of their paths.
///
/// `lower` are the layers below, the topmost first. `mount_points` were made by the
/// runtime; what is only there to hold one is not the container's change.
pub fn changes(upper: &Path, lower: &[PathBuf], mount_points: &[PathBuf]) -> Result<Vec<Change>> {
    let step = || format!("list the changes in {}", upper.display());
    let mount_points = mount_points.iter().map(|path| resolve(lower, path));
    let mut comparison = Comparison {
        lower,
        mount_points: mount_points.collect::<Result<_>>()?,
        levels: Vec::new(),
        found: Vec::new(),
        bytes: 0,
        failed: None,
    };
    let top = Descent::from(upper).step(step)?;
    top.walk(&mut comparison).step(step)?;
    if let Some(error) = comparison.failed {
        return Err(error);
    }
    let mut found = comparison.found;
    found.sort_by(|one, other| one.path.as_os_str().cmp(other.path.as_os_str()));
    Ok(found)
}

/// The upper layer on the way through, beside those below it.
struct Comparison<'a> {
    lower: &'a [PathBuf],
    mount_points: Vec<PathBuf>,
    /// The directories on the way to where we are.
    levels: Vec<Level>,
    found: Vec<Change>,
    bytes: usize,
    failed: Option<Error>,
}

/// A directory of the upper layer.
struct Level {
    /// What the layers below have at its place.
    below: Below,
    /// The same for the directories in it.
    inside: BTreeMap<OsString, Below>,
    /// Whether it hides what the layers below have in there.
    is_cut_off: bool,
    /// How many changes there were before those in it.
    before: usize,
}

impl Visitor for Comparison<'_> {
    fn enter(&mut self, place: &mut Descent) -> Vec<OsString> {
        if self.failed.is_some() {
            return Vec::new();
        }
        self.compare(place).unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            Vec::new()
        })
    }

    /// A directory is listed if anything in it is, or if it does not only hold a mount.
    fn leave(&mut self, above: &Descent, name: &OsStr) {
        let (Some(level), path) = (self.levels.pop(), above.path().join(name)) else { return };
        let holds_mount = self.mount_points.iter().any(|place| place.starts_with(&path));
        if self.found.len() > level.before || !holds_mount {
            self.add(if level.below.kind.is_some() { 'C' } else { 'A' }, &path);
        }
    }

    fn miss(&mut self, above: &Descent, name: &OsStr, errno: Errno) {
        let step = format!("look into {}", above.path().join(name).display());
        self.failed.get_or_insert(Error::from_errno(step, errno));
    }
}

impl Comparison<'_> {
    // ANCHOR: compare
    /// Adds the changes in one directory, and returns the directories in it.
    fn compare(&mut self, place: &mut Descent) -> Result<Vec<OsString>> {
        let dir = place.path();
        let step = || format!("list the changes in /{}", dir.display());
        let names: Vec<_> = place.entries().step(step)?.into_iter().map(|(name, _)| name).collect();
        let below = self.below(&dir);
        let is_cut_off = self.levels.last().is_some_and(|above| above.is_cut_off)
            || is_opaque(place.here()).step(step)?;
        let mut level =
            Level { below, inside: BTreeMap::new(), is_cut_off, before: self.found.len() };
        let all_below = look_below(self.lower, &level.below.dirs, &dir, &names)?;
        for (name, below) in names.iter().zip(all_below) {
            let upper = fstatat(place.here(), &**name, AtFlags::AT_SYMLINK_NOFOLLOW).step(step)?;
            let path = dir.join(name);
            if is_whiteout(&upper) {
                if below.kind.is_some() {
                    self.add('D', &path);
                }
            } else if kind_of(&upper) == SFlag::S_IFDIR {
                level.inside.insert(name.clone(), below);
            } else if !self.mount_points.contains(&path) {
                self.add(if below.kind.is_some() { 'C' } else { 'A' }, &path);
            }
        }
        if is_cut_off {
            // A name below that has nothing here in its place is gone.
            let hidden = list_below(self.lower, &level.below.dirs, &dir)?;
            for name in hidden.keys().filter(|name| !names.contains(name)) {
                self.add('D', &dir.join(name));
            }
        }
        let dirs = level.inside.keys().cloned().collect();
        self.levels.push(level);
        Ok(dirs)
    }
    // ANCHOR_END: compare

    /// What the layers below have at the directory that is entered.
    fn below(&mut self, dir: &Path) -> Below {
        match (self.levels.last_mut(), dir.file_name()) {
            (Some(above), Some(name)) => above.inside.remove(name).unwrap_or_default(),
            // The root is a directory in each of them.
            _ => Below::of_root(self.lower.len()),
        }
    }

    fn add(&mut self, kind: char, path: &Path) {
        self.bytes += path.as_os_str().len();
        if self.bytes > MOST {
            let error = Error::new("list the changes: their paths fill more than 128 MiB");
            self.failed.get_or_insert(error);
        } else {
            self.found.push(Change { kind, path: Path::new("/").join(path) });
        }
    }
}
