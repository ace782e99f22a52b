//! A process of ours that reads and writes in a container, as its root.
//!
//! ```text
//!   lab ── fork ──▶ child
//!    │                │ opens /proc/4711/root, setns: users ── becomes user 0
//!    │◀── an archive ─┤ (or the other way)
//!    │◀── remarks ────┤ and is gone
//! ```
//!
//! Its user namespace is all of a container that the child joins. By that, a file's owner has
//! the number for it that the container has; what it makes belongs to the container's root, and
//! its power ends where that one's does. Nothing else is needed: the open root leads to the
//! container's mounts, whichever mount namespace one is in. And what the child does not join
//! cannot lead it astray: all paths but those that it looks up under that root are the host's,
//! such as /proc/self.
//!
//! From then on it has the user of those inside, and they could look into its memory, or at
//! its descriptors, or trace it. So it is not dumpable (prctl(2)), which forbids all of these,
//! and has nothing open but what it needs. It runs no program and mounts nothing, so that none
//! of either can be exchanged for another.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use mount_ns::Root;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sched::{CloneFlags, setns};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use nix::unistd::{Gid, Pid, Uid, setgroups, setresgid, setresuid};
use process::{Error, Namespace, Result, Step};
use serde::{Deserialize, Serialize};

use super::remarks::Remarks;
use crate::{Target, sys};

/// The child, seen from outside.
#[derive(Debug)]
pub struct Inside {
    child: Pid,
    report: UnixStream,
}

/// The last that the child says.
#[derive(Debug, Serialize, Deserialize)]
enum Report {
    Done(Remarks),
    Failed { text: String, hint: Option<String> },
}

impl Inside {
    /// Sends a child in, that does this work with `end`, its end of a pipe.
    ///
    /// # Errors
    /// If there is no process to be had, or the container has ended.
    pub fn send(
        container: &Target,
        end: OwnedFd,
        work: impl FnOnce(&Root, File) -> Result<Remarks>,
    ) -> Result<Self> {
        let root = container.open("root", OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        let users = if container.has_own(Namespace::User)? {
            Some(container.open(Namespace::User.file(), OFlag::O_RDONLY)?)
        } else {
            None
        };
        let (report, tell) = UnixStream::pair().step(|| "make a socket pair")?;
        let mut keep = vec![root.as_fd(), end.as_fd(), tell.as_fd()];
        keep.extend(users.as_ref().map(AsFd::as_fd));
        let child = sys::fork_off("fork a process for the container", &keep, || {
            let step = || "duplicate a descriptor";
            let done = join(users.as_ref()).and_then(|()| {
                let root = Root::from(root.try_clone().step(step)?);
                work(&root, end.try_clone().step(step)?.into())
            });
            let report = done.map_or_else(
                |error| Report::Failed {
                    text: error.to_string(),
                    hint: error.hint().map(str::to_owned),
                },
                Report::Done,
            );
            // If lab is gone, there is nobody to tell.
            let _ = serde_json::to_vec(&report).map(|text| (&tell).write_all(&text));
        })?;
        Ok(Self { child, report })
    }

    /// Waits for its end. Its end of the pipe must not be waited for by us.
    ///
    /// # Errors
    /// What has gone wrong in there.
    pub fn end(mut self) -> Result<Remarks> {
        let mut text = Vec::new();
        let heard = self.report.read_to_end(&mut text).step(|| "listen to the child");
        let ended = loop {
            match waitpid(self.child, None) {
                Err(Errno::EINTR) => {}
                ended => break ended.step(|| "wait for the child"),
            }
        };
        heard.and(ended)?;
        match serde_json::from_slice(&text) {
            Ok(Report::Done(remarks)) => Ok(remarks),
            Ok(Report::Failed { text, hint: None }) => Err(Error::new(text)),
            Ok(Report::Failed { text, hint: Some(hint) }) => Err(Error::new(text).with_hint(hint)),
            Err(_) => Err(Error::new("the process in the container was killed")),
        }
    }
}

/// In the child: becomes the container's root, if that is another one.
fn join(users: Option<&OwnedFd>) -> Result<()> {
    prctl::set_pdeathsig(Signal::SIGKILL).step(|| "ask for a parent-death signal")?;
    prctl::set_dumpable(false).step(|| "become undumpable")?;
    let Some(users) = users else { return Ok(()) };
    process::become_another(|| {
        setns(users, CloneFlags::CLONE_NEWUSER).step(|| "join the container's user namespace")?;
        // Where an ordinary user has made it, nobody may: user_namespaces(7).
        match setgroups(&[]) {
            Err(Errno::EPERM) => {}
            set => set.step(|| "leave the caller's groups")?,
        }
        let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
        setresgid(group, group, group).step(|| "become group 0 of the container")?;
        setresuid(user, user, user).step(|| "become user 0 of the container")
    })
}
