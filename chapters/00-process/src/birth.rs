//! How a process comes into the world: by a clone that we make, or one that is made where
//! somebody else is.
//!
//! A new namespace belongs to the user namespace of its maker *at that moment*, and power over
//! it goes with that. A container that shall live with another one's users has to be made
//! among them, and whoever enters a user namespace has lost the power over the one it comes
//! from. So we send somebody, who does not come back:
//!
//! ```text
//!   runtime ── fork ──▶ go-between
//!      │                   │ setns(users), setns(network) …          theirs
//!      │                   │ clone(CLONE_PARENT | …) ──▶ the new process
//!      │◀── its pidfd ─────┤
//!      │                  exit
//!      └── the parent of the new process
//! ```
//!
//! Another reason to send somebody is who sees it. Those in a PID namespace see a process from
//! its birth on, and /proc tells everybody of the mounts and the network that it has. They
//! must not be the host's by then.
//!
//! `CLONE_PARENT` makes a sibling: whose child the go-between is, the new process is as well.
//! It is born in the PID namespace that was entered, of which the go-between itself never was.

use std::fmt::Debug;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use nix::sched::setns;
use nix::sys::prctl;
use nix::unistd::{ForkResult, Pid};

use crate::sys::{Cloned, exit_now};
use crate::{
    CloneArgs, CloneFlags, Error, Heard, Message, Namespace, Result, Step, clone, fork, hear, tell,
    wait_for,
};

/// How a process comes into the world.
#[derive(Clone, Copy, Debug)]
pub struct Birth<'a> {
    /// What it has of its own.
    pub args: CloneArgs<'a>,
    /// How to get to somebody else's namespaces, if it is born there.
    pub sent: Option<&'a dyn GoBetween>,
}

/// Who goes where a process shall be born.
pub trait GoBetween: Debug {
    /// In a process of its own, which does not come back: goes there.
    ///
    /// # Errors
    /// If there is no way.
    fn go(&self) -> Result<()>;
}

/// Which kinds of namespaces, and where they are open. They are entered in this order, so the
/// users, who bring the power over the rest, come first.
impl GoBetween for Vec<(Namespace, OwnedFd)> {
    fn go(&self) -> Result<()> {
        self.iter().try_for_each(|(kind, namespace)| {
            setns(namespace.as_fd(), kind.flag())
                .step(|| format!("join another container's {} namespace", kind.name()))
        })
    }
}

impl<'a, T: Into<CloneArgs<'a>>> From<T> for Birth<'a> {
    /// In no namespace but ours and those that it makes.
    fn from(args: T) -> Self {
        Self { args: args.into(), sent: None }
    }
}

impl Birth<'_> {
    /// Makes the process, which is our child wherever it is born.
    ///
    /// # Errors
    /// As [`clone()`], or if somebody else's namespace cannot be entered.
    pub(crate) fn clone_process(self) -> Result<Cloned> {
        let Self { args, sent } = self;
        let Some(sent) = sent else { return clone(args) };
        let (near, far) = UnixStream::pair().step(|| "make a socket pair")?;
        let (near, far) = (OwnedFd::from(near), OwnedFd::from(far));
        let go_between = match fork("fork a go-between")? {
            ForkResult::Parent { child } => child,
            ForkResult::Child => {
                drop(near);
                let _ = prctl::set_name(c"lab:birth");
                let args = CloneArgs { flags: args.flags | CloneFlags::CLONE_PARENT, ..args };
                let born = hide().and_then(|()| sent.go()).and_then(|()| clone(args));
                let told = match born {
                    Ok(Cloned::Child) => return Ok(Cloned::Child),
                    Ok(Cloned::Parent(pid, pidfd)) => {
                        tell(&far, Message::Ready, &pid.as_raw().to_ne_bytes(), &[pidfd])
                            .step(|| "report to the runtime")
                    }
                    Err(error) => Err(error),
                };
                if let Err(error) = told {
                    let _ = tell(&far, Message::Failed, &error.encode(), &[]);
                }
                exit_now(0)
            }
        };
        drop(far);
        let heard = hear(&near);
        let _ = wait_for(go_between);
        heard?.map_or_else(|| Err(lost()), answer)
    }
}

/// Whoever is in there already must not trace us, nor look at what we have open, before the
/// new process is the command: CVE-2016-9962. Exec sets it back.
fn hide() -> Result<()> {
    prctl::set_dumpable(false).step(|| "become undumpable")
}

/// What the go-between has to say.
fn answer((kind, text, mut descriptors): Heard) -> Result<Cloned> {
    match (kind, <[u8; 4]>::try_from(&*text), descriptors.pop()) {
        (Message::Ready, Ok(pid), Some(pidfd)) => {
            Ok(Cloned::Parent(Pid::from_raw(i32::from_ne_bytes(pid)), pidfd))
        }
        _ => Err(Error::decode(&text).unwrap_or_else(lost)),
    }
}

fn lost() -> Error {
    Error::new("clone a process in another container: the go-between died")
}
