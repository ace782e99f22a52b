//! What the layers below have at a place, as the overlay would show it.
//!
//! They are searched from the topmost one down. The first that has anything at a place
//! says what it is; only directories go on to the layers further down, unless the
//! directory is *opaque* and replaces what is there.
//!
//! The layers are somebody else's, and so are the links in them: each name is looked up
//! from its layer's own descriptor, and a link is a link, wherever it leads on the host.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use mount_ns::names_in;
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, open, openat2, readlinkat};
use nix::sys::stat::{FileStat, Mode, SFlag, fstatat};
use process::{Result, Step};

use crate::sys;

/// What there is of one name in the layers below.
#[derive(Clone, Debug, Default)]
pub(crate) struct Below {
    /// What is seen there, if anything is.
    pub kind: Option<SFlag>,
    /// The layers whose directories are seen there as one, by their numbers.
    pub dirs: Vec<usize>,
    /// Whether nothing further down is seen.
    is_closed: bool,
}

impl Below {
    /// The root, which is a directory in each layer.
    pub fn of_root(layers: usize) -> Self {
        Self { kind: Some(SFlag::S_IFDIR), dirs: (0..layers).collect(), is_closed: false }
    }

    /// Takes what the next layer further down has.
    fn add(&mut self, layer: usize, entry: &FileStat) {
        if self.is_closed {
            return;
        }
        match kind_of(entry) {
            SFlag::S_IFDIR => {
                self.kind.get_or_insert(SFlag::S_IFDIR);
                self.dirs.push(layer);
            }
            // It hides what is below; but in a directory of a layer above, it is hidden.
            kind => {
                if self.kind.is_none() && !is_whiteout(entry) {
                    self.kind = Some(kind);
                }
                self.is_closed = true;
            }
        }
    }
}

/// What the layers `dirs` of `lower` have of each of `names` in the directory `dir`.
pub(crate) fn look_below(
    lower: &[PathBuf],
    dirs: &[usize],
    dir: &Path,
    names: &[OsString],
) -> Result<Vec<Below>> {
    let mut found = vec![Below::default(); names.len()];
    each_layer(lower, dirs, dir, |layer, open| {
        for (name, below) in names.iter().zip(&mut found) {
            match fstatat(open, &**name, AtFlags::AT_SYMLINK_NOFOLLOW) {
                Err(Errno::ENOENT) => {}
                entry => below.add(layer, &entry?),
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// The names that the layers below have in a directory, sorted, and what each is.
pub(crate) fn list_below(
    lower: &[PathBuf],
    dirs: &[usize],
    dir: &Path,
) -> Result<BTreeMap<OsString, Below>> {
    let mut found: BTreeMap<OsString, Below> = BTreeMap::new();
    each_layer(lower, dirs, dir, |layer, open| {
        for entry in Dir::openat(open, ".", directory(), Mode::empty())?.iter() {
            let name = OsStr::from_bytes(entry?.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                let entry = fstatat(open, &*name, AtFlags::AT_SYMLINK_NOFOLLOW)?;
                found.entry(name).or_default().add(layer, &entry);
            }
        }
        Ok(())
    })?;
    found.retain(|_, below| below.kind.is_some());
    Ok(found)
}

/// Shows each layer's directory `dir`, from the topmost one down to one that replaces the
/// others.
fn each_layer(
    lower: &[PathBuf],
    dirs: &[usize],
    dir: &Path,
    mut look: impl FnMut(usize, BorrowedFd<'_>) -> nix::Result<()>,
) -> Result<()> {
    for &layer in dirs {
        let step = || format!("look into the layer {}", lower[layer].display());
        let top = open(&lower[layer], directory(), Mode::empty()).step(step)?;
        let open = open_dir(top.as_fd(), dir).step(step)?;
        look(layer, open.as_fd()).step(step)?;
        if !dir.as_os_str().is_empty() && is_opaque(open.as_fd()).step(step)? {
            break;
        }
    }
    Ok(())
}

/// Opens a directory by a path of any length, without following a link.
fn open_dir(top: BorrowedFd<'_>, path: &Path) -> nix::Result<OwnedFd> {
    /// So many bytes of a path the kernel takes at once, and some more.
    const MOST: usize = 2048;
    let how = OpenHow::new().flags(directory()).resolve(ResolveFlag::RESOLVE_NO_SYMLINKS);
    let mut dir = openat2(top, ".", how)?;
    let mut part = PathBuf::new();
    for name in path {
        part.push(name);
        if part.as_os_str().len() > MOST {
            dir = openat2(&dir, &part, how)?;
            part = PathBuf::new();
        }
    }
    if part.as_os_str().is_empty() { Ok(dir) } else { openat2(&dir, &part, how) }
}

/// Where a path of the container leads in the layers below, links followed inside.
pub(crate) fn resolve(lower: &[PathBuf], path: &Path) -> Result<PathBuf> {
    let mut ahead: Vec<OsString> = names_in(path);
    let mut dir = PathBuf::new();
    let root = Below::of_root(lower.len()).dirs;
    // Which layers have a part in each directory below it, on the way to `dir`.
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let mut links = 0;
    while let Some(name) = ahead.pop() {
        if name == ".." {
            dir.pop();
            parts.pop();
            continue;
        }
        let here = parts.last().unwrap_or(&root);
        let below = look_below(lower, here, &dir, std::slice::from_ref(&name))?.remove(0);
        // The kernel gives up after as many: path_resolution(7).
        if below.kind == Some(SFlag::S_IFLNK) && links < 40 {
            links += 1;
            let target = read_link(lower, here, &dir, &name)?;
            if target.is_absolute() {
                dir = PathBuf::new();
                parts.clear();
            }
            ahead.extend(names_in(&target));
            continue;
        }
        dir.push(name);
        parts.push(below.dirs);
    }
    Ok(dir)
}

fn read_link(lower: &[PathBuf], dirs: &[usize], dir: &Path, name: &OsStr) -> Result<PathBuf> {
    let mut target = PathBuf::new();
    each_layer(lower, dirs, dir, |_, open| {
        if target.as_os_str().is_empty() {
            target = readlinkat(open, name).map(PathBuf::from).unwrap_or_default();
        }
        Ok(())
    })?;
    Ok(target)
}

pub(crate) fn kind_of(entry: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(entry.st_mode) & SFlag::S_IFMT
}

pub(crate) fn is_whiteout(entry: &FileStat) -> bool {
    kind_of(entry) == SFlag::S_IFCHR && entry.st_rdev == 0
}

/// Whether a directory replaces, rather than extends, the ones below it.
pub(crate) fn is_opaque(dir: BorrowedFd<'_>) -> nix::Result<bool> {
    Ok(sys::has_xattr(dir, c"trusted.overlay.opaque", b"y")?
        || sys::has_xattr(dir, c"user.overlay.opaque", b"y")?)
}

fn directory() -> OFlag {
    OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC
}
