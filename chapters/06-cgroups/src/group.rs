//! The container's directory in one hierarchy.
//!
//! The files of a cgroup exist as soon as the directory does. The preparations around it
//! differ between the generations:
//!
//! - **v2**: a cgroup has the files of those controllers only that its *parent* hands
//!   down in `cgroup.subtree_control`, so they are enabled there. A cgroup that hands
//!   controllers down must not hold processes itself (the "no internal processes"
//!   rule): the parts of a cake are shared among the children, and a process beside
//!   them would have no defined part. Only the real root is exempt.
//! - **v1**: all files are there at once, but a new `cpuset` is empty, and a process
//!   cannot enter a cgroup that has no processor to run on.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use process::{Error, Result, Step, kernel_file};

use crate::{Hierarchy, Membership, Version, delegation};

/// One directory in one hierarchy.
#[derive(Debug)]
pub(crate) struct Group {
    pub hierarchy: Hierarchy,
    pub dir: PathBuf,
    /// Why we cannot make it; `None` if we can.
    pub refusal: Option<Errno>,
    /// Whether it has been made.
    pub is_made: bool,
    /// The outermost cgroup on the way to it, which is there.
    base: PathBuf,
}

impl Group {
    /// Where a container will be in the hierarchy, of which we have a place ourselves: at
    /// `path`, below what is ours of the tree, or from its root on if it begins with `/`.
    /// Makes nothing.
    pub fn new(place: Membership, path: &Path) -> Self {
        let found = match path.strip_prefix("/") {
            Ok(path) => delegation::check_at(&place.hierarchy, path),
            Err(_) => delegation::find(&place),
        };
        let base = found.clone().unwrap_or_else(|_| place.hierarchy.mount.clone());
        let dir = base.join(path.strip_prefix("/").unwrap_or(path));
        Self { hierarchy: place.hierarchy, dir, refusal: found.err(), is_made: false, base }
    }

    /// One that is there.
    pub fn found(hierarchy: Hierarchy, dir: PathBuf) -> Self {
        // Above its parent, controllers are handed down already.
        let base = dir.parent().unwrap_or(&dir).to_owned();
        Self { hierarchy, dir, refusal: None, is_made: true, base }
    }

    /// The cgroups on the way to it, the outermost first.
    fn way(&self) -> Vec<&Path> {
        let is_on_it = |dir: &&Path| dir.starts_with(&self.base);
        let mut way: Vec<_> = self.dir.ancestors().skip(1).take_while(is_on_it).collect();
        way.reverse();
        way
    }

    /// Those of them that are missing.
    pub fn missing(&self) -> Vec<PathBuf> {
        let missing = self.way().into_iter().filter(|dir| !dir.exists());
        missing.map(Path::to_owned).collect()
    }

    /// Makes the directory, and what is missing on the way.
    pub fn make(&mut self) -> Result<()> {
        for dir in self.missing() {
            match make_one(&dir) {
                // Somebody else was on the same way.
                Err(error) if error.errno() == Some(Errno::EEXIST) => {}
                made => made.and_then(|()| self.fill(&dir))?,
            }
        }
        make_one(&self.dir)?;
        self.is_made = true;
        self.fill(&self.dir)
    }

    /// v1: gives a cpuset all that its parent has.
    fn fill(&self, dir: &Path) -> Result<()> {
        if self.hierarchy.version == Version::V2 || !self.hierarchy.has("cpuset") {
            return Ok(());
        }
        ["cpuset.cpus", "cpuset.mems"].iter().try_for_each(|name| {
            let (from, to) = (dir.with_file_name(name), dir.join(name));
            let copied = kernel_file::read_text(&from).and_then(|all| write(&to, all.trim()));
            copied.step(|| format!("copy {} to {}", from.display(), to.display()))
        })
    }

    /// v2: hands `controllers` down to the group.
    pub fn enable(&self, controllers: &[&str]) -> Result<()> {
        self.way().into_iter().try_for_each(|parent| enable(parent, controllers))
    }

    /// v1: the file through which a process joins. The kernel asks what its opener may do,
    /// so the runtime opens it while it is root on the host.
    pub fn open_tasks(&self) -> Result<File> {
        let tasks = self.dir.join("tasks");
        OpenOptions::new().write(true).open(&tasks).step(|| format!("open {}", tasks.display()))
    }

    /// Sets a limit.
    pub fn write(&self, file: &str, value: &str) -> io::Result<()> {
        write(&self.dir.join(file), value)
    }
}

// ANCHOR: enable
/// v2: hands `controllers` down to all cgroups that are directly in this one.
///
/// They are never taken back: by the end of the container, somebody else may rely on them.
fn enable(parent: &Path, controllers: &[&str]) -> Result<()> {
    let file = parent.join("cgroup.subtree_control");
    let step = || format!("enable {} in {}", controllers.join(", "), file.display());
    let enabled = kernel_file::read_text(&file).step(step)?;
    let missing: Vec<_> = controllers
        .iter()
        .filter(|&&name| !enabled.split_whitespace().any(|has| has == name))
        .map(|name| format!("+{name}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    write(&file, &missing.join(" ")).step(step).map_err(explain)
}
// ANCHOR_END: enable

/// Whatever the caller's umask: only root may make cgroups in it.
fn make_one(dir: &Path) -> Result<()> {
    let made = DirBuilder::new().mode(0o755).create(dir);
    made.step(|| format!("make the cgroup {}", dir.display())).map_err(explain)
}

/// The group in whose hierarchy a controller lives, asked for by its name in v1
/// and in v2.
pub(crate) fn find<'a>(groups: &'a [Group], v1: &str, v2: &str) -> Option<&'a Group> {
    groups.iter().find(|group| match group.hierarchy.version {
        Version::V1 => group.hierarchy.has(v1),
        Version::V2 => group.hierarchy.has(v2),
    })
}

/// Opens without creating: a file that is missing shall say so.
fn write(path: &Path, value: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.write_all(value.as_bytes())
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EBUSY) => error.with_hint(
            "a cgroup with processes of its own cannot hand controllers down: inside a \
             container, move them into a child first (mkdir init; write each pid of \
             cgroup.procs into init/cgroup.procs)",
        ),
        Some(Errno::ENOENT) => error.with_hint(
            "this part of the tree was not given it: sudo systemctl edit user@.service, \
             with the lines [Service] and Delegate=cpu cpuset io memory pids",
        ),
        Some(Errno::EAGAIN) => {
            error.with_hint("cgroup.max.descendants or cgroup.max.depth was reached")
        }
        _ => error,
    }
}
