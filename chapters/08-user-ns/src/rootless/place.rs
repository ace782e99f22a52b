//! A place that an ordinary user's containers share: made by the first, ended with the last.
//!
//! A namespace lives as long as a process is in it, or somebody has its file open. So that
//! containers can come and go, a small process of ours holds it, and does nothing else:
//! `lab:world` a user and a mount namespace, `lab:network` a network and its uplink. There is
//! no protocol but a file with the number of that process, and locks, flock(2):
//!
//! ```text
//!   $LAB_STATE_DIR                 locked by whoever looks for a place or removes one: one at a time
//!   $LAB_STATE_DIR/world           locked by each run that is in the world: shared
//!
//!   first run                       lab:world                        a further run
//!    lock the directory
//!    make the file, share it
//!    fork ───────────────────────▶ namespaces, number ▶ file
//!    join by /proc/PID/ns   ◀────── ready
//!    unlock the directory           wait to have the file alone       lock, share, join, unlock
//!    …  ends                           │                              …
//!                                      │                                 ends
//!                                   has it: removes it, and ends
//! ```
//!
//! The last one out is the one that lets go of the file last, in whichever way: the kernel
//! unlocks it for a process that is killed as well. A run that comes at that very moment cannot
//! share the file, and makes a new place. A file whose process is gone says that the process was
//! killed: the next one that looks removes it.
//!
//! A killed holder takes its containers along. Its standard output is a pipe into which nobody
//! ever writes, and each run has the other end open. When the holder dies, the kernel closes
//! the pipe, and sends each run the signal that it has asked for with `F_SETSIG` of fcntl(2):
//! SIGKILL. So it is as if each runtime had been killed, and the containers follow by their
//! parent-death signal.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::setns;
use process::record::{self, Identity, Lock};
use process::{Error, Namespace, Result, Step, plain_file};

use super::holder::{Built, Held, Later, VERSION};
use crate::sys;

/// A kind of place.
#[derive(Debug)]
pub(super) struct Place {
    /// Its file in the state directory.
    pub file: &'static str,
    /// What its holder is called.
    pub holder: &'static std::ffi::CStr,
    /// Its namespaces, in the order in which a run joins them.
    pub namespaces: &'static [Namespace],
}

/// The right to look for places, to make and to remove them: a lock on the state directory.
#[derive(Debug)]
pub(super) struct Turn {
    /// The directory.
    pub dir: PathBuf,
    _lock: Lock,
}

impl Turn {
    /// Waits for it. A state directory that is not there is made.
    pub fn wait() -> Result<Self> {
        let dir = record::directory();
        record::make_private(&dir).step(|| format!("create {}", dir.display())).map_err(
            |error| error.with_hint("LAB_STATE_DIR names another directory for records"),
        )?;
        Self::on(dir)
    }

    /// Waits for it in a directory that is there.
    pub fn on(dir: PathBuf) -> Result<Self> {
        let step = || format!("lock {}", dir.display());
        let lock = Lock::wait_for(File::open(&dir).step(step)?).step(step)?;
        Ok(Self { dir, _lock: lock })
    }
}

/// A place that is there, and will be as long as this value is.
#[derive(Debug)]
pub(super) struct Found {
    file: Lock,
    namespaces: Vec<(Namespace, File)>,
    /// A pipe that the holder's death closes.
    life: File,
    pub built: Built,
}

/// Its namespaces, and the pipe of its holder.
type Opened = (Vec<(Namespace, File)>, File);

/// What a look for a place has found.
#[derive(Debug)]
pub(super) enum Look {
    /// A place that is alive.
    There(Found),
    /// None. If there was the file of one, it has just been removed.
    Gone {
        /// The holder, if it was killed.
        killed: Option<i32>,
    },
}

impl Place {
    /// What its holder is called.
    pub fn name(&self) -> &str {
        self.holder.to_str().unwrap_or_default()
    }

    /// Looks for it.
    ///
    /// # Errors
    /// If it cannot be said whether there is one.
    pub fn look(&self, turn: &Turn) -> Result<Look> {
        let path = turn.dir.join(self.file);
        let gone = |killed| self.strike_out(turn).map(|_| Look::Gone { killed });
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = match File::options().read(true).custom_flags(flags).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Look::Gone { killed: None });
            }
            file => file.step(|| format!("open {}", path.display()))?,
        };
        // If it is locked, its holder has found it empty, and is about to end.
        let lock = Lock::try_sharing(file).step(|| format!("share {}", path.display()))?;
        let Some(lock) = lock else { return gone(None) };
        let text = plain_file::read_from(&lock).step(|| format!("read {}", path.display()))?;
        // What else a later version says is not for us to understand.
        if let Ok(Later { version }) = serde_json::from_slice(&text)
            && version > VERSION
        {
            let step = || format!("lock {}", path.display());
            if Lock::try_on(lock.try_clone().step(step)?).step(step)?.is_some() {
                return gone(None);
            }
            return Err(Error::new(format!("read {}: its version is {version}", path.display()))
                .with_hint("a later lab has made it: use that one, or end its containers"));
        }
        // A holder that was killed while it made the place has not written all of it.
        let Ok(Held { process, built, .. }) = serde_json::from_slice(&text) else {
            return gone(None);
        };
        match self.open(&process)? {
            Some((namespaces, life)) => {
                Ok(Look::There(Found { file: lock, namespaces, life, built }))
            }
            None => gone(Some(process.pid)),
        }
    }

    /// Removes its file, so that the next one is a new one.
    pub fn strike_out(&self, turn: &Turn) -> Result<Look> {
        let path = turn.dir.join(self.file);
        fs::remove_file(&path).step(|| format!("remove {}", path.display()))?;
        Ok(Look::Gone { killed: None })
    }

    /// Whether there is one, and we are not in it. To ask needs no turn.
    pub fn is_elsewhere(&self) -> bool {
        let text = plain_file::read(&record::directory().join(self.file)).unwrap_or_default();
        let Ok(Held { process, .. }) = serde_json::from_slice(&text) else { return false };
        let inode = |whose: &str, kind: &Namespace| {
            fs::metadata(format!("/proc/{whose}/{}", kind.file())).map(|file| file.ino()).ok()
        };
        self.namespaces.iter().any(|kind| {
            let theirs = inode(&process.pid.to_string(), kind);
            theirs.is_some() && theirs != inode("self", kind)
        }) && process.is_there().unwrap_or(true)
    }

    /// Opens what its holder has; `None` if that is gone.
    fn open(&self, process: &Identity) -> Result<Option<Opened>> {
        let proc = PathBuf::from(format!("/proc/{}", process.pid));
        let open = |options: &mut fs::OpenOptions, path| open(options, path, process);
        let mut namespaces = Vec::new();
        for &kind in self.namespaces {
            let Some(file) = open(File::options().read(true), proc.join(kind.file()))? else {
                return Ok(None);
            };
            namespaces.push((kind, file));
        }
        let options = &mut File::options();
        let options = options.read(true).custom_flags(libc::O_NONBLOCK);
        let Some(life) = open(options, proc.join("fd/1"))? else { return Ok(None) };
        // First the descriptors, which stay with this process, then a look at who it is.
        Ok(process.is_there()?.then_some((namespaces, life)))
    }
}

impl Found {
    /// Joins it, so that this process is killed when its holder is: this program, and the one
    /// that it executes.
    pub fn join(&self, place: &Place) -> Result<()> {
        let name = place.name();
        // ANCHOR: join
        for (kind, file) in &self.namespaces {
            setns(file, kind.flag()).step(|| format!("join a namespace of {name}"))?;
        }
        self.end_with_it(place)?;
        // ANCHOR_END: join
        for fd in [self.file.as_fd(), self.life.as_fd()] {
            fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let a lock be inherited")?;
        }
        Ok(())
    }

    /// Lets this process be killed when the holder is. It is in there already, and the place stays
    /// as long as this value does.
    pub fn end_with_it(&self, place: &Place) -> Result<()> {
        let name = place.name();
        let step = || format!("watch {name}");
        sys::be_killed_when_it_closes(self.life.as_fd()).step(step)?;
        // If it was closed before that, there is no signal.
        let mut end = [PollFd::new(self.life.as_fd(), PollFlags::POLLIN)];
        if poll(&mut end, PollTimeout::ZERO).step(step)? > 0 {
            return Err(Error::new(format!("{name} has gone again")));
        }
        Ok(())
    }

    /// The lock by which it stays.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Found {
    /// Whoever leaves a place is not killed with it, but lives to tell why.
    fn drop(&mut self) {
        let _ = fcntl(&self.life, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
    }
}

/// Opens a file of /proc; `None` if its process is gone, a zombie, or another one by now.
fn open(options: &mut fs::OpenOptions, path: PathBuf, process: &Identity) -> Result<Option<File>> {
    match options.open(&path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) if !process.is_there()? => Ok(None),
        Err(error) => Err(error).step(|| format!("open {}", path.display())),
    }
}
