//! A place that an ordinary user's containers share: made by the first, ended with the last.
//!
//! A namespace lives as long as a process is in it, or somebody has its file open. So that
//! containers can come and go, a small process of ours holds it, and does nothing else:
//! `lab:world` a user and a mount namespace, `lab:network` a network and its uplink. There is
//! no protocol but a file with the number of that process, and locks, flock(2):
//!
//! ```text
//!   $LAB_STATE_DIR                 locked alone by whoever looks for a place, or removes one
//!   $LAB_STATE_DIR/world           shared by each run that is in it
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
//! The last one out is who lets go of the file last, in whichever way: the kernel unlocks it
//! for who is killed as well. A run that comes at that very moment cannot share the file, and
//! makes a new place. And a file without a living process says that this was killed: whoever
//! looks removes it.
//!
//! How a killed holder takes its containers along: its standard output is a pipe into which
//! nobody ever writes. With the holder, the kernel closes it, which whoever has asked for that
//! is told by a signal: `F_SETSIG` of fcntl(2), here SIGKILL. So it is as if each runtime had
//! been killed, and the containers follow by their parent-death signal.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, setns};
use process::record::{self, Identity, Lock};
use process::{Error, Result, Step};

use super::holder::{Held, VERSION};
use crate::sys;

/// A kind of place.
#[derive(Debug)]
pub(super) struct Place {
    /// Its file in the state directory.
    pub file: &'static str,
    /// What its process is called.
    pub holder: &'static std::ffi::CStr,
    /// What is in it, in the order in which one enters.
    pub namespaces: &'static [(&'static str, CloneFlags)],
}

/// The one who may look for places: a lock on the state directory.
#[derive(Debug)]
pub(super) struct Turn {
    /// The directory.
    pub dir: PathBuf,
    _lock: Lock,
}

impl Turn {
    /// Waits for it. A directory that is not there is made.
    pub fn wait() -> Result<Self> {
        let dir = record::directory();
        record::make_private(&dir).step(|| format!("create {}", dir.display())).map_err(
            |error| error.with_hint("LAB_STATE_DIR names another directory for records"),
        )?;
        Self::on(dir)
    }

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
    namespaces: Vec<(File, CloneFlags)>,
    /// The end of it that can be read is closed by the holder's death.
    life: File,
    /// What the user should know of it.
    pub note: String,
}

/// Its namespaces, and the pipe of its process.
type Opened = (Vec<(File, CloneFlags)>, File);

/// What was found.
#[derive(Debug)]
pub(super) enum Look {
    /// One that is alive.
    There(Found),
    /// None; of one that was killed, the file has just been removed.
    Gone {
        /// The process that has been killed.
        killed: Option<i32>,
    },
}

impl Place {
    /// What its process is called.
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
        let file = match File::options().read(true).custom_flags(libc::O_NOFOLLOW).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Look::Gone { killed: None });
            }
            file => file.step(|| format!("open {}", path.display()))?,
        };
        // Its process has it alone: it is about to end.
        let lock = Lock::try_sharing(file).step(|| format!("share {}", path.display()))?;
        let Some(lock) = lock else { return gone(None) };
        let mut text = Vec::new();
        (&*lock).read_to_end(&mut text).step(|| format!("read {}", path.display()))?;
        // Who was killed while making it has not written all of it.
        let Ok(Held { version, process, note }) = serde_json::from_slice(&text) else {
            return gone(None);
        };
        if version > VERSION {
            return Err(Error::new(format!("read {}: its version is {version}", path.display()))
                .with_hint(
                    "a later version of lab has made it: use that one, or end its containers",
                ));
        }
        match self.open(&process)? {
            Some((namespaces, life)) => {
                Ok(Look::There(Found { file: lock, namespaces, life, note }))
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

    /// Whether there is one with namespaces other than ours, which needs no turn to be asked.
    pub fn is_elsewhere(&self) -> bool {
        let text = fs::read(record::directory().join(self.file)).unwrap_or_default();
        let Ok(Held { process, .. }) = serde_json::from_slice(&text) else { return false };
        let namespace = |whose: &str, name| fs::metadata(format!("/proc/{whose}/ns/{name}"));
        self.namespaces.iter().any(|(name, _)| {
            let theirs = namespace(&process.pid.to_string(), name).map(|file| file.ino()).ok();
            theirs.is_some() && theirs != namespace("self", name).map(|file| file.ino()).ok()
        }) && process.is_there().unwrap_or(true)
    }

    /// Opens what there is of it; `None` if it is gone.
    fn open(&self, process: &Identity) -> Result<Option<Opened>> {
        let proc = PathBuf::from(format!("/proc/{}", process.pid));
        let open = |options: &mut fs::OpenOptions, path| open(options, path, process);
        let mut namespaces = Vec::new();
        for &(name, flag) in self.namespaces {
            let Some(file) = open(File::options().read(true), proc.join("ns").join(name))? else {
                return Ok(None);
            };
            namespaces.push((file, flag));
        }
        let options = &mut File::options();
        let options = options.read(true).custom_flags(libc::O_NONBLOCK);
        let Some(life) = open(options, proc.join("fd/1"))? else { return Ok(None) };
        // First the descriptors, which stay with this process, then a look at who it is.
        Ok(process.is_there()?.then_some((namespaces, life)))
    }
}

impl Found {
    /// Enters it, and lets the process that holds it be our life: both for this program, and
    /// for the one that it executes.
    pub fn join(&self, place: &Place) -> Result<()> {
        let name = place.name();
        let step = || format!("watch {name}");
        // ANCHOR: join
        for (file, flag) in &self.namespaces {
            setns(file, *flag).step(|| format!("join a namespace of {name}"))?;
        }
        sys::be_killed_when_it_closes(self.life.as_fd()).step(step)?;
        // ANCHOR_END: join
        // Had it been closed before, nobody would tell.
        let mut end = [PollFd::new(self.life.as_fd(), PollFlags::POLLIN)];
        if poll(&mut end, PollTimeout::ZERO).step(step)? > 0 {
            return Err(Error::new(format!("{name} has gone again")));
        }
        for fd in [self.file.as_fd(), self.life.as_fd()] {
            fcntl(fd, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let a lock be inherited")?;
        }
        Ok(())
    }

    /// The lock by which it stays.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
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
