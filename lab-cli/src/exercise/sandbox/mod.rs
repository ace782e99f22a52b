//! A container of ours for programs that nobody has read: a learner's.
//!
//! ```text
//!   lab ── outer ──▶ PID 1      user, mount, PID, network, UTS, IPC, cgroup namespaces
//!    │                 │        and a root that is a small tmpfs:
//!    │                 │          /usr /bin /lib …   the host's, locked read-only
//!    │                 │          /image             a copy of the default root
//!    │                 │          /work              what the plan puts there
//!    │                 │          /proc /sys /dev    as in chapter 3
//!    │                 └── the program
//!    ├── looks, through /proc, at what the program does and has left behind
//!    └── release: PID 1 ends, and the kernel frees all the rest
//! ```
//!
//! The lessons are the building blocks: [`users`] is chapter 8, [`account`] chapter 6,
//! [`inside`] chapters 3, 5 and 9. There is one difference: somebody wants to *look*: so
//! PID 1 is a shell that outlives the program and waits to be released.
//!
//! A program that breaks out of it is nobody: root in there is an id that no user of the
//! host has. For an ordinary user it is that user, who cannot give away another id, and for
//! root of a user namespace that root. [`outer`] keeps their files from the program.
//!
//! Several can run side by side. The caller must have one thread only.

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, pipe};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use cgroups::Cgroup;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use process::gate::gate;
use process::{CloneArgs, Cloned, Error, Result, State, Step, clone, exit_now};

mod account;
mod inside;
mod outer;
pub mod plan;
mod root;
pub mod shown;
mod users;

use outer::Outer;
use users::Users;

use plan::Plan;

/// The most that is read of what the program prints, in bytes.
const LONGEST_OUTPUT: usize = 64 * 1024;

/// How long a killed sandbox may take to be gone, and between two looks whether it is.
const LAST_BREATH: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_micros(200);

/// How the program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit code; 128 and a signal's number for a signal.
    Exited(u8),
    /// The whole sandbox was killed by a limit, such as of memory or of time.
    Killed,
}

/// A sandbox with a program in it. Dropping it ends everything in there.
#[must_use = "dropping the sandbox ends the program"]
#[derive(Debug)]
pub struct Sandbox {
    pid: Pid,
    output: File,
    errors: File,
    status: PipeReader,
    _release: PipeWriter,
    until: Option<Instant>,
    end: Option<End>,
    users: Users,
    // In this order: a cgroup can be removed when it is empty, the record after that.
    cgroup: Option<Cgroup>,
    _state: State,
}

impl Sandbox {
    /// Makes the sandbox and starts the program.
    ///
    /// # Errors
    /// If this host refuses a part of it; nothing is left then.
    pub fn start(plan: &Plan) -> Result<Self> {
        let state = State::create()?;
        let users = Users::choose()?;
        let cgroup = account::open(plan, &state)?;
        let filters = inside::filters(plan)?;
        let (output, errors) = (capture()?, capture()?);
        let (status, tell) = pipe().step(|| "make a pipe")?;
        let (wait, release) = pipe().step(|| "make a pipe")?;
        let (announced, announce) = pipe().step(|| "make a pipe")?;
        let (parent_gate, child_gate) = gate()?;
        let args = CloneArgs { flags: outer::FLAGS, cgroup: cgroup.as_ref().and_then(Cgroup::fd) };
        let (outer_pid, outer) = match clone(args)? {
            Cloned::Parent(pid, _) => (pid, Outer::new(pid)),
            Cloned::Child => {
                drop((parent_gate, status, release, announced));
                let ends = inside::Ends { output, errors, tell, wait };
                match outer::split(plan, &users, &child_gate, announce) {
                    Ok(Some(trees)) => {
                        let cgroup = cgroup.as_ref();
                        inside::become_shell(plan, trees, cgroup, &filters, &child_gate, &ends)
                    }
                    Ok(None) => exit_now(0),
                    Err(error) => {
                        child_gate.fail(&error);
                        exit_now(125)
                    }
                }
            }
        };
        drop((child_gate, tell, wait, announce));
        users.write_maps(outer_pid)?;
        if let Some(cgroup) = cgroup.as_ref().filter(|_| plan.delegate) {
            account::hand_over(cgroup, &users)?;
        }
        let trees = users.open_trees(plan, outer_pid)?;
        parent_gate.begin(&trees)?;
        let Some(pid) = outer.inner(announced) else {
            let built = parent_gate.wait_until_built();
            return Err(built.err().unwrap_or_else(|| Error::new("make the sandbox's PID 1")));
        };
        // It has no more to do, and PID 1 is all that is to be seen below us.
        drop(outer);
        // From here on a failure drops the sandbox, and that ends PID 1.
        let sandbox = Self {
            pid,
            output,
            errors,
            status,
            _release: release,
            until: plan.until,
            end: None,
            users,
            cgroup,
            _state: state,
        };
        parent_gate.wait_until_built()?;
        parent_gate.start()?;
        parent_gate.wait_until_closed()?;
        Ok(sandbox)
    }

    /// PID 1 of the sandbox, as the host numbers it.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// The id by which the sandbox knows a user of the host's; `None` if it does not.
    pub fn id_inside(&self, outside: u32) -> Option<u32> {
        self.users.inside(outside)
    }

    /// Its cgroup's directories on the host.
    pub fn cgroups(&self) -> impl Iterator<Item = &Path> {
        self.cgroup.iter().flat_map(|cgroup| cgroup.directories())
    }

    /// How the program has ended, if it has, waiting for it up to `patience`.
    pub fn wait(&mut self, patience: Duration) -> Result<Option<&End>> {
        if self.end.is_none() {
            let left = self.until.map(|until| until.saturating_duration_since(Instant::now()));
            if left == Some(Duration::ZERO) {
                // Its last words are not heard any more.
                self.kill();
                self.end = Some(End::Killed);
                return Ok(self.end.as_ref());
            }
            let patience = patience.min(left.unwrap_or(patience));
            let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
            let mut polled = [PollFd::new(self.status.as_fd(), PollFlags::POLLIN)];
            if poll(&mut polled, timeout).step(|| "wait for the program")? > 0 {
                // One line, or nothing at all if PID 1 is dead.
                let mut line = [0; 8];
                let length = self.status.read(&mut line).step(|| "read the program's status")?;
                let text = String::from_utf8_lossy(&line[..length]);
                self.end = Some(text.trim().parse().map_or(End::Killed, End::Exited));
            }
        }
        Ok(self.end.as_ref())
    }

    /// Ends all that runs in there. It may take a moment to be gone.
    fn kill(&self) {
        // The end of PID 1 is the end of all the others; pid_namespaces(7). It is our
        // child that nobody has waited for, so the number is still its own.
        let _ = kill(self.pid, Signal::SIGKILL);
    }

    /// What it has printed so far, at most 64 KiB of it.
    pub fn output(&self) -> String {
        read_captured(&self.output)
    }

    /// What it has printed as errors so far.
    pub fn errors(&self) -> String {
        read_captured(&self.errors)
    }

    /// The path that leads to a file in there, for the sandbox's owner.
    pub fn path_of(&self, inside: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{inside}", self.pid))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.kill();
        // Unless one of them is frozen, in a cgroup that it has made: then none is gone before
        // that one is.
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill_all();
        }
        let deadline = Instant::now() + LAST_BREATH;
        let gone = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
        while waitid(Id::Pid(self.pid), gone) == Ok(WaitStatus::StillAlive)
            && Instant::now() < deadline
        {
            sleep(PAUSE);
        }
    }
}

/// A file in memory; RLIMIT_FSIZE counts for it as for any other.
fn capture() -> Result<File> {
    memfd_create("output", MFdFlags::MFD_CLOEXEC).map(File::from).step(|| "make a file in memory")
}

fn read_captured(file: &File) -> String {
    let mut bytes = vec![0; LONGEST_OUTPUT];
    // Not by reading on: the program writes at the position that we share with it.
    let length = file.read_at(&mut bytes, 0).unwrap_or_default();
    String::from_utf8_lossy(&bytes[..length]).into_owned()
}
