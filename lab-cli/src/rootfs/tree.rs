//! A root file system as a plan: what will be where, before anything is written.
//!
//! A file taken over from the host keeps its path, since its loader and libraries are
//! looked up by path. Links on the way are taken over too, pointing to where the host's
//! end: so `/lib64/ld-linux-x86-64.so.2` becomes, on a host with a merged `/usr`,
//!
//! ```text
//!   lib64 -> usr/lib64
//!   usr/lib64/ld-linux-x86-64.so.2 -> ../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
//!   usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2                     the file itself
//! ```
//!
//! All links are relative: an absolute one would be right inside of the root, but
//! whoever writes through it from outside would hit the host's own `/usr`.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use process::{Result, Step};

/// One name of the tree.
#[derive(Debug, Hash)]
pub enum Entry {
    /// A directory with this mode.
    Directory(u32),
    /// A copy of a host's file.
    Copy {
        /// Its path on the host.
        source: PathBuf,
        /// Its permission bits here: those of the source, without set-user-id and the like.
        mode: u32,
        /// The source as it was when planned.
        stamp: Stamp,
    },
    /// A small text of our own.
    Text(&'static str),
    /// A symbolic link and its target.
    Link(PathBuf),
}

/// By what a change of a file is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// The time of its last change, in nanoseconds since 1970.
    pub mtime: i128,
}

impl Stamp {
    /// The stamp of a file or directory as it is now; links are followed.
    pub fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::from(&metadata))
    }
}

impl From<&fs::Metadata> for Stamp {
    fn from(metadata: &fs::Metadata) -> Self {
        let mtime =
            i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        Self { size: metadata.size(), mtime }
    }
}

/// A root file system that can be written.
#[derive(Debug, Default)]
pub struct Tree {
    /// Every name, relative to the root; directories stand before what is in them.
    pub entries: BTreeMap<PathBuf, Entry>,
    /// What was looked at on the host: when one of these changes, plan again.
    pub sources: BTreeMap<PathBuf, Stamp>,
}

impl Tree {
    /// Adds an entry at a path relative to the root, and the directories above it.
    pub fn add(&mut self, path: impl AsRef<Path>, entry: Entry) {
        let path = path.as_ref();
        for parent in path.ancestors().skip(1).filter(|path| !path.as_os_str().is_empty()) {
            self.entries.entry(parent.to_owned()).or_insert(Entry::Directory(0o755));
        }
        self.entries.insert(path.to_owned(), entry);
    }

    /// Takes a file over from the host, with the links on its way; a later change of
    /// it makes the tree outdated.
    ///
    /// # Errors
    /// If there is nothing, or neither a file nor a directory.
    pub fn take_over(&mut self, path: &Path) -> io::Result<()> {
        self.sources.insert(path.to_owned(), Stamp::of(path)?);
        self.place(path).map(drop)
    }

    /// Takes a file of the host over to another path of the root.
    ///
    /// # Errors
    /// If there is nothing.
    pub fn take_as(&mut self, source: &Path, path: &str) -> io::Result<()> {
        let metadata = fs::metadata(source)?;
        let stamp = Stamp::from(&metadata);
        self.sources.insert(source.to_owned(), stamp);
        self.add(path, Entry::Copy { source: source.into(), mode: metadata.mode() & 0o777, stamp });
        Ok(())
    }

    /// Adds `path` and returns where it really is, all links followed.
    fn place(&mut self, path: &Path) -> io::Result<PathBuf> {
        let mut real = PathBuf::from("/");
        for component in path.components() {
            match component {
                Component::Normal(name) => real.push(name),
                Component::ParentDir => _ = real.pop(),
                _ => {}
            }
            let metadata = fs::symlink_metadata(&real)?;
            if metadata.is_symlink() {
                let target = self.place(&real.canonicalize()?)?;
                self.add(inside(&real), Entry::Link(relative(&real, &target)));
                real = target;
            } else if metadata.is_file() {
                let (source, mode) = (real.clone(), metadata.mode() & 0o777);
                self.add(inside(&real), Entry::Copy { source, mode, stamp: (&metadata).into() });
            } else if !metadata.is_dir() {
                return Err(io::Error::other("neither a file nor a directory"));
            } else if real != Path::new("/") {
                self.entries.entry(inside(&real).into()).or_insert(Entry::Directory(0o755));
            }
        }
        Ok(real)
    }

    /// A name for exactly this tree: 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.entries.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Writes the tree into a new directory.
    ///
    /// # Errors
    /// If the directory is already there, or something cannot be copied.
    pub fn write(&self, root: &Path) -> Result<()> {
        make_directory(root, 0o755)?;
        for (path, entry) in &self.entries {
            let to = root.join(path);
            match entry {
                Entry::Directory(mode) => make_directory(&to, *mode)?,
                Entry::Copy { source, mode, .. } => copy_file(source, &to, *mode)?,
                Entry::Text(text) => {
                    fs::write(&to, text).step(|| format!("write {}", to.display()))?;
                    set_mode(&to, 0o644)?;
                }
                Entry::Link(target) => make_link(target, &to)?,
            }
        }
        Ok(())
    }
}

/// Copies a whole tree that [`Tree::write`] made, to a new directory.
///
/// Nothing is shared by hard links: a write to the copy must not reach the original.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    let look = || format!("copy {}", from.display());
    let metadata = from.symlink_metadata().step(look)?;
    if metadata.is_symlink() {
        return make_link(&from.read_link().step(look)?, to);
    }
    if !metadata.is_dir() {
        return copy_file(from, to, metadata.mode() & 0o777);
    }
    make_directory(to, metadata.mode() & 0o1777)?;
    for entry in from.read_dir().step(look)? {
        let entry = entry.step(look)?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// The umask must not have a say in what a container can do, so modes are always set
/// in a second step.
fn make_directory(path: &Path, mode: u32) -> Result<()> {
    fs::create_dir(path).step(|| format!("create {}", path.display()))?;
    set_mode(path, mode)
}

fn copy_file(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let step = || format!("copy {} to {}", from.display(), to.display());
    let mut source = File::open(from).step(step)?;
    // Not with the source's mode: a set-user-id program must not be one here, not even
    // for a moment.
    let mut copy = File::options().write(true).create_new(true).mode(0o600).open(to).step(step)?;
    io::copy(&mut source, &mut copy).step(step)?;
    let modified = source.metadata().and_then(|metadata| metadata.modified()).step(step)?;
    copy.set_modified(modified).step(step)?;
    copy.set_permissions(Permissions::from_mode(mode)).step(step)
}

fn make_link(target: &Path, at: &Path) -> Result<()> {
    symlink(target, at).step(|| format!("link {} to {}", at.display(), target.display()))
}

fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
        .step(|| format!("set the mode of {}", path.display()))
}

/// An absolute path as seen from the root: without its slash.
fn inside(path: &Path) -> &Path {
    path.strip_prefix("/").unwrap_or(path)
}

/// How a link at `from` must read to lead to `to`; both are absolute.
pub fn relative(from: &Path, to: &Path) -> PathBuf {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    // The last part of `from` that is not shared is the link's own name.
    let up = from.len() - 1 - shared.min(from.len() - 1);
    std::iter::repeat_n(Component::ParentDir, up).chain(to[shared..].iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative() {
        let relative = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        assert_eq!(relative("/bin", "/usr/bin"), Path::new("usr/bin"));
        assert_eq!(relative("/usr/bin/sh", "/usr/bin/dash"), Path::new("dash"));
        assert_eq!(relative("/usr/bin/id", "/bin/busybox"), Path::new("../../bin/busybox"));
    }

    #[test]
    fn the_loader_is_found_at_its_own_path_and_at_its_real_one() {
        let shell = Path::new("/bin/sh");
        let mut tree = Tree::default();
        tree.take_over(shell).unwrap();
        let real = shell.canonicalize().unwrap();
        assert!(matches!(tree.entries[inside(&real)], Entry::Copy { .. }));
        assert!(tree.entries.contains_key(Path::new("bin")));
        assert!(tree.sources.contains_key(shell));
    }
}
