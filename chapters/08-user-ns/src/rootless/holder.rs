//! The process that holds a place: `lab:world`, `lab:network`. See `place.rs`.

use std::fs::{self, File};
use std::io::{self, Read, Write, pipe};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use nix::sys::prctl;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, getpid, setsid};
use process::record::{Identity, Lock};
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use super::place::{Found, Look, Place, Turn};
use crate::sys;

/// What the file of a place says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Held {
    pub version: u32,
    /// The holder.
    pub process: Identity,
    pub built: Built,
}

/// The same of any version.
#[derive(Deserialize)]
pub(super) struct Later {
    pub version: u32,
}

/// What was built around the holder, beside its namespaces.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Built {
    /// What users of the place should know of it.
    pub note: String,
    /// The process that connects it with the outside.
    pub uplink: Option<Identity>,
}

/// The version that we write, and read.
pub(super) const VERSION: u32 = 1;

/// What the holder says when all is built. No error begins like that.
const READY: &[u8] = b"+";

impl Place {
    /// Makes the place: splits off its holder, which calls `build` and stays in what that has
    /// made. The holder keeps the descriptors in `keep` open as well.
    ///
    /// # Errors
    /// If `build` fails, or what is needed around it.
    pub fn make(
        &self,
        turn: &Turn,
        keep: &[BorrowedFd<'_>],
        build: impl FnOnce() -> Result<Built>,
    ) -> Result<Found> {
        let path = turn.dir.join(self.file);
        let made = self.make_at(&path, turn, keep, build);
        if made.is_err() {
            // A holder that is there all the same ends, as nobody shares the file.
            let _ = fs::remove_file(&path);
        }
        made
    }

    fn make_at(
        &self,
        path: &Path,
        turn: &Turn,
        keep: &[BorrowedFd<'_>],
        build: impl FnOnce() -> Result<Built>,
    ) -> Result<Found> {
        let open = |new: bool| {
            let options = &mut File::options();
            options.read(true).write(true).create_new(new).mode(0o600);
            options.open(path).step(|| format!("open {}", path.display()))
        };
        let step = || format!("share {}", path.display());
        let shared = Lock::try_sharing(open(true)?).step(step)?;
        let file = open(false)?;
        let (_, life) = pipe().step(|| "make a pipe")?;
        let (mut answer, tell) = pipe().step(|| "make a pipe")?;
        let mut fds = vec![file.as_fd(), life.as_fd(), tell.as_fd()];
        fds.extend(keep);
        let holder = Holder { place: self, path, dir: &turn.dir };
        sys::split_off(&format!("fork {}", self.name()), &fds, |forked| {
            let ready = forked.and_then(|()| holder.prepare(&file, life.as_fd(), build));
            let step = || format!("tell that {} is ready", self.name());
            match ready.and_then(|()| (&tell).write_all(READY).step(step)) {
                Ok(()) => holder.wait_and_end(&file),
                Err(error) => drop((&tell).write_all(&error.encode())),
            }
        })?;
        drop((file, life, tell));

        let mut said = vec![0];
        let step = || format!("hear from {}", self.name());
        let died = || Error::new(format!("{} died before it was ready", self.name()));
        match answer.read_exact(&mut said) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(died()),
            heard => heard.step(step)?,
        }
        if said != READY {
            answer.read_to_end(&mut said).step(step)?;
            return Err(Error::decode(&said).unwrap_or_else(died));
        }
        let found = self.look(turn)?;
        drop(shared);
        match found {
            Look::There(found) => Ok(found),
            Look::Gone { .. } => Err(Error::new(format!("{} has gone again", self.name()))),
        }
    }
}

/// The process that holds a place.
pub(super) struct Holder<'a> {
    pub place: &'a Place,
    /// The place's file.
    pub path: &'a Path,
    /// The state directory, in which that is.
    pub dir: &'a Path,
}

impl Holder<'_> {
    /// Makes the place, and writes down who holds it.
    pub fn prepare(
        &self,
        mut file: &File,
        life: BorrowedFd<'_>,
        build: impl FnOnce() -> Result<Built>,
    ) -> Result<()> {
        let _ = prctl::set_name(self.place.holder);
        // Further runs find the namespaces in our /proc.
        let _ = prctl::set_dumpable(true);
        // Neither Ctrl-C nor the end of the terminal is for us.
        setsid().step(|| "make a session")?;
        let null = File::options().read(true).write(true).open("/dev/null");
        let null = null.step(|| "open /dev/null")?;
        // Somebody may read what the first run prints to its end: a shell's $(…) does.
        let step = || "let go of the caller's files";
        dup2_stdin(&null).step(step)?;
        dup2_stdout(life).step(step)?;
        // Standard error stays until here: newuidmap says there why it has refused.
        let built = build()?;
        dup2_stderr(&null).step(step)?;
        std::env::set_current_dir("/").step(|| "enter /")?;
        let process = Identity::of(getpid().as_raw())?;
        let held = Held { version: VERSION, process, built };
        let text = serde_json::to_vec(&held).map_err(io::Error::from);
        text.and_then(|text| file.write_all(&text))
            .step(|| format!("write {}", self.path.display()))
    }

    /// Waits until no run is in the place any more, and removes its file.
    pub fn wait_and_end(&self, file: &File) {
        // That the kernel lacks memory for a lock must not end the runs in here.
        let have_alone = || file.try_clone().ok().and_then(|file| Lock::wait_for(file).ok());
        let _alone = loop {
            match have_alone() {
                Some(lock) => break lock,
                None => std::thread::sleep(Duration::from_secs(1)),
            }
        };
        // A run that came meanwhile could not share the file, and has made a new one.
        let Ok(_turn) = Turn::on(self.dir.to_owned()) else { return };
        let identity = |found: fs::Metadata| (found.dev(), found.ino());
        let ours = file.metadata().map(identity).ok();
        if fs::symlink_metadata(self.path).map(identity).ok() == ours {
            let _ = fs::remove_file(self.path);
        }
    }
}
