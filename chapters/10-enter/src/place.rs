//! Its place among the cgroups: what comes in counts against the same limits.
//!
//! Every process is in one cgroup of each hierarchy, cgroups(7), and a child is where its
//! parent is: where `lab` is, unless it is told otherwise. Where the container is now is
//! told by /proc/PID/cgroup; it may have moved since it was made, as a systemd in there does.
//!
//! ```text
//!   v2   its directory is given to clone3: the child is born in it
//!   v1   "0" into `tasks` of each hierarchy, by the child
//! ```
//!
//! All files are opened by us before the child exists: afterwards it can find none of them.
//! A hierarchy in which we are at the same place already is none to care for.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use cgroups::{Membership, Version, memberships};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use process::{CloneArgs, CloneFlags, Error, Result, Step, kernel_file};

use crate::Target;

/// Where a process is among the cgroups, as far as we are elsewhere.
#[derive(Debug, Default)]
pub struct Place {
    unified: Option<OwnedFd>,
    tasks: Vec<File>,
}

impl Target {
    /// Opens its place in every hierarchy.
    ///
    /// # Errors
    /// If it is frozen, or its cgroups are not within our reach.
    pub fn place(&self) -> Result<Place> {
        let theirs = self.read("cgroup")?;
        let ours = kernel_file::read("/proc/self/cgroup").step(|| "read /proc/self/cgroup")?;
        let is_elsewhere = |line: &&[u8]| ours.split(is_end).all(|our| our != *line);
        let differ: Vec<_> = theirs.split(is_end).filter(is_elsewhere).collect();
        let mut place = Place::default();
        if differ.is_empty() {
            return Ok(place);
        }
        for membership in memberships(&differ.join(&b'\n'))? {
            place.open(&membership)?;
        }
        Ok(place)
    }
}

impl Place {
    fn open(&mut self, membership: &Membership) -> Result<()> {
        let Some(dir) = membership.dir() else {
            let path = membership.path.display();
            return Err(Error::new(format!("join the cgroup {path}: it is not mounted here"))
                .with_hint("lab cgroups shows what is: this may be a container itself"));
        };
        let step = || format!("open the cgroup {}", dir.display());
        let is_v2 = membership.hierarchy.version == Version::V2;
        let (procs, state, frozen) = if is_v2 {
            // Told of whatever cgroup above was frozen as well.
            ("cgroup.procs", "cgroup.events", &["frozen 1"][..])
        } else {
            ("tasks", "freezer.state", &["FROZEN", "FREEZING"][..])
        };
        // Whoever is born in a frozen cgroup does nothing, and we would wait for it.
        if (is_v2 || membership.hierarchy.has("freezer")) && has_line(&dir.join(state), frozen)? {
            return Err(paused(&dir));
        }
        let procs = match File::options().write(true).open(dir.join(procs)) {
            // We are an ordinary user: no container of ours has made it, it is where we were
            // ourselves, as in another login's session.
            Err(error) if error.raw_os_error() == Some(Errno::EACCES as i32) => return Ok(()),
            opened => opened.step(step)?,
        };
        if is_v2 {
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
            self.unified = Some(open(&dir, flags, Mode::empty()).step(step)?);
        } else {
            self.tasks.push(procs);
        }
        Ok(())
    }

    /// For the clone.
    pub fn clone_args(&self) -> CloneArgs<'_> {
        CloneArgs { flags: CloneFlags::empty(), cgroup: self.unified.as_ref().map(AsFd::as_fd) }
    }

    /// In the child, first of all: from here on, what it uses counts.
    ///
    /// # Errors
    /// If it may not.
    pub fn enter(&self) -> Result<()> {
        // "0" means whoever writes it.
        self.tasks
            .iter()
            .try_for_each(|mut tasks| tasks.write_all(b"0").step(|| "join the container's cgroup"))
    }
}

/// Whether the kernel tells one of these of a cgroup. The topmost has no such file.
fn has_line(file: &Path, lines: &[&str]) -> Result<bool> {
    let text = match kernel_file::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        read => read.step(|| format!("read {}", file.display()))?,
    };
    Ok(text.split(is_end).any(|line| lines.iter().any(|wanted| wanted.as_bytes() == line)))
}

fn paused(dir: &Path) -> Error {
    Error::new("the container is paused, unpause it before exec")
        .with_hint(format!("its processes are frozen by the cgroup {}", dir.display()))
        .with_exit_code(Error::REFUSED)
}

fn is_end(byte: &u8) -> bool {
    *byte == b'\n'
}
