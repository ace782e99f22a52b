//! Where a copy goes: Docker's rules, which are nearly those of cp(1).
//!
//! | the source is   | DEST is a directory         | DEST is a file      | there is no DEST       |
//! |-----------------|-----------------------------|---------------------|------------------------|
//! | a file          | into it, by its own name    | in its place        | a file of that name ¹  |
//! | a directory     | into it, by its own name    | an error            | a directory of that name, with what was in the source |
//! | `directory/.`   | what is in it, into DEST    | an error            | the same               |
//!
//! ¹ but an error if DEST ends with a slash. No directory is made on the way to DEST.
//!
//! If DEST is a link, it is the place to which that leads. So the first entry of an archive
//! decides, once: what was found then is held by its descriptor, and what has become of its name
//! since is nobody's concern.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::{SFlag, fstat};
use process::{Error, Result, Step};

use super::archive::{Entry, Kind};
use super::ground::{Ground, kind_of};
use super::location::{Ending, Location};

/// The place of a copy.
#[derive(Debug)]
pub struct Place {
    /// The directory under which everything is made.
    pub dir: OwnedFd,
    /// What is made there is called so.
    pub names: Names,
}

/// How names of an archive become those of the copy.
#[derive(Debug)]
pub enum Names {
    /// They stay as they are.
    Kept,
    /// The first part becomes another one.
    Replaced(OsString),
    /// This one is put before them: the source was `directory/.`.
    Added(OsString),
}

impl Place {
    /// Finds it for a tree, of which this is the first entry.
    ///
    /// # Errors
    /// In the cases that are errors.
    pub fn of_tree(ground: Ground<'_>, to: &Location, first: &Entry) -> Result<Self> {
        let is_directory = first.kind == Kind::Directory;
        let step = || format!("copy to {}", to.typed().display());
        match ground.open(&to.path, OFlag::O_PATH) {
            Ok(dir) if kind_of(&fstat(&dir).step(step)?) == SFlag::S_IFDIR => {
                return Ok(Self { dir, names: Names::Kept });
            }
            Ok(_) if is_directory => {
                return Err(Error::new(format!("{}: cannot copy directory to a file", step())));
            }
            Ok(_) if to.ending != Ending::Name => return Err(Errno::ENOTDIR).step(step),
            Ok(file) if kind_of(&fstat(&file).step(step)?) != SFlag::S_IFREG => {
                let wrong = "the destination must be a directory or a regular file";
                return Err(Error::new(format!("{}: {wrong}", step())));
            }
            Err(Errno::ENOENT) if !is_directory && to.ending != Ending::Name => {
                return Err(Error::new(format!("{}: no such directory", step()))
                    .with_hint("without the slash, it is a file that is made"));
            }
            Ok(_) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno).step(step),
        }
        let (dir, name) = ground.last(&to.path).step(step).map_err(|error| {
            if error.errno() == Some(Errno::ENOENT) {
                error.with_hint("directories on the way are not made")
            } else {
                error
            }
        })?;
        let base = Path::new(".");
        let is_base = first.name == base;
        let names = if is_base { Names::Added(name) } else { Names::Replaced(name) };
        Ok(Self { dir, names })
    }

    /// Finds it for an archive that is unpacked as it is: a directory.
    ///
    /// # Errors
    /// If it is none.
    pub fn of_archive(ground: Ground<'_>, to: &Location) -> Result<Self> {
        let dir = ground.open(&to.path, OFlag::O_PATH | OFlag::O_DIRECTORY);
        let dir = dir.step(|| format!("unpack into {}", to.typed().display()));
        let dir = dir.map_err(|error| error.with_hint("the destination must be a directory"))?;
        Ok(Self { dir, names: Names::Kept })
    }
}

/// Where a copy will be: a name in a directory. That can be in the source itself, by a volume that
/// both sides have, and a copy that is copied as well has no end.
#[derive(Clone, Debug)]
pub struct Avoid {
    /// The device and inode number of the directory.
    pub dir: (u64, u64),
    /// The name in there.
    pub name: OsString,
}

impl Avoid {
    /// Finds it; `None` if it cannot be seen, or if there is nothing to be one of.
    pub fn of(ground: Ground<'_>, to: &Location, from: &Location) -> Option<Self> {
        let (dir, name) = match ground.open(&to.path, OFlag::O_PATH | OFlag::O_DIRECTORY) {
            Ok(dir) if from.ending != Ending::Dot => (dir, from.path.file_name()?.to_owned()),
            _ => ground.last(&to.path).ok()?,
        };
        let stat = fstat(&dir).ok()?;
        Some(Self { dir: (stat.st_dev, stat.st_ino), name })
    }
}

impl Names {
    /// The path of an entry, from this place on.
    ///
    /// # Errors
    /// If it leads out.
    pub fn path_of(&self, name: &Path) -> Result<PathBuf> {
        let name = inner(name)?;
        Ok(match self {
            Self::Kept => name,
            Self::Added(first) => Path::new(first).join(name),
            Self::Replaced(first) => {
                Path::new(first).join(name.components().skip(1).collect::<PathBuf>())
            }
        })
    }
}

/// A name without detours: `a/../b` is `b`, `/b` is `b`, and `../b` is refused.
fn inner(name: &Path) -> Result<PathBuf> {
    let mut inner = PathBuf::new();
    for part in name.components() {
        match part {
            Component::Normal(name) => inner.push(name),
            Component::ParentDir if !inner.pop() => {
                let name = name.display();
                return Err(Error::new(format!("{name}: the archive's name leads out of it")));
            }
            _ => {}
        }
    }
    Ok(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out() {
        let inner = |name: &str| inner(Path::new(name)).ok();
        for (name, path) in
            [("a", "a"), ("/a//b/", "a/b"), ("./a/../b", "b"), ("a/..", ""), (".", "")]
        {
            assert_eq!(inner(name).as_deref(), Some(Path::new(path)), "{name}");
        }
        for name in ["..", "../a", "/../a", "a/../../b", "a/b/../../../c"] {
            assert_eq!(inner(name), None, "{name}");
        }
    }
}
