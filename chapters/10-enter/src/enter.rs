//! One more process with what another one has, in the one order that works.
//!
//! ```text
//!   lab         what it has is read, and opened
//!               not dumpable           nobody inside can trace what comes in, or open its files
//!   go-between  limits, groups, label  the host's power is still ours
//!               namespaces             all but cgroup at once, while nobody inside sees us
//!               clone3                 into its cgroup, as a child of lab
//!   child       cgroups of v1          opened by lab, while we were on the host
//!               cgroup namespace       whoever is in one is put into no cgroup outside of it
//!               its root               by a descriptor: a path would be looked up in there
//!               root of its users      whoever joins them is nobody at first
//!               bounding set           what an exec can give
//!   ── held: all is built ──
//!               what chapter 9 gives up, in its order: keyring, user, capabilities, filters
//!               exec
//! ```
//!
//! The child is born with a number in the container, and seen. What /proc tells of its mounts
//! and its connections is for everybody to read, so that it must have none of the host's by
//! then. So lab sends somebody ahead who makes it in there: chapter 0's `birth.rs`.
//!
//! Until its exec, the child is `lab`: a program of the host, with descriptors and memory of the
//! host, in the sight of whoever is inside. They could read it, or have it do something for
//! them, as long as they may trace it (CVE-2016-9962). A process that is not *dumpable* may be
//! traced by nobody who has no power over the namespace that its program was started in, and
//! its /proc/PID/fd, exe and mem cannot be opened; ptrace(2). The program itself they cannot
//! write to either (chapter 9's `self_exe.rs`).

use std::os::fd::OwnedFd;

use nix::fcntl::OFlag;
use nix::sched::setns;
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, chroot, fchdir, setresgid, setresuid};
use process::{
    Birth, CloneFlags, Command, Error, GoBetween, Namespace, Process, Result, Step, Steps, User,
    become_another,
};

use crate::{Label, Limits, Place, Powers, Target};

/// All that a process has, ready to be given to one more.
#[derive(Debug)]
pub struct Entrance {
    target: Target,
    own: CloneFlags,
    cgroup_namespace: Option<OwnedFd>,
    root: OwnedFd,
    place: Place,
    limits: Limits,
    label: Label,
    powers: Powers,
}

impl Entrance {
    // ANCHOR: open
    /// Reads and opens all of it, while we are on the host.
    ///
    /// # Errors
    /// If something of it cannot be had: what comes in has all, or does not come in.
    pub fn open(target: Target) -> Result<Self> {
        let own = target.own_namespaces()?;
        let cgroup_namespace = own
            .contains(CloneFlags::CLONE_NEWCGROUP)
            .then(|| target.open(Namespace::Cgroup.file(), OFlag::O_RDONLY));
        Ok(Self {
            own,
            cgroup_namespace: cgroup_namespace.transpose()?,
            root: target.open("root", OFlag::O_PATH | OFlag::O_DIRECTORY)?,
            place: target.place()?,
            limits: target.limits()?,
            label: target.label()?,
            powers: target.powers(own)?,
            target,
        })
    }
    // ANCHOR_END: open

    /// Makes the process, and holds it before its command.
    ///
    /// A command that names a user runs as that one; else it runs as the first process does.
    ///
    /// # Errors
    /// If a step fails; then nothing has come in.
    pub fn create(&self, command: &Command) -> Result<Process> {
        let (command, user, powers) = self.user_of(command);
        let confinement = powers.confinement();
        // ANCHOR: enter
        let parent = |_| Ok(Vec::new());
        let child = |_| {
            self.place.enter()?;
            become_another(|| {
                self.enter_cgroup_namespace()?;
                self.enter_root()?;
                self.become_root()
            })?;
            confinement.bound_capabilities()
        };
        let become_user = |named: &User| {
            self.limits.set()?;
            confinement.enter(user.as_ref().unwrap_or(named))
        };
        prctl::set_dumpable(false).step(|| "become undumpable")?;
        let steps = Steps { parent, child, become_user };
        let birth = Birth { args: self.place.clone_args(), sent: Some(self) };
        Process::create_in_steps(birth, &command, steps)
            // ANCHOR_END: enter
            .map_err(|error| self.explain(error))
    }

    /// Who the command runs as: the named user, or the first process's with its groups.
    fn user_of(&self, command: &Command) -> (Command, Option<User>, Powers) {
        if command.user.is_some() {
            return (command.clone(), None, self.powers.clone().of_named_user());
        }
        let user = Some(self.powers.user_and_group());
        (Command { user, ..command.clone() }, Some(self.powers.user()), self.powers.clone())
    }

    /// By a file: a pidfd is for who may look into the process, and we have become others.
    fn enter_cgroup_namespace(&self) -> Result<()> {
        let Some(namespace) = &self.cgroup_namespace else { return Ok(()) };
        setns(namespace, CloneFlags::CLONE_NEWCGROUP).step(|| "join the cgroup namespace")
    }

    /// The root directory of the process, which need not be that of its mount namespace.
    fn enter_root(&self) -> Result<()> {
        fchdir(&self.root).step(|| "enter the container's root directory")?;
        chroot(".").step(|| "make it the root directory")
    }

    /// In another user namespace we are nobody at first, with all power over it.
    fn become_root(&self) -> Result<()> {
        if !self.own.contains(CloneFlags::CLONE_NEWUSER) {
            return Ok(());
        }
        let (user, group) = (Uid::from_raw(0), Gid::from_raw(0));
        setresgid(group, group, group).step(|| "become group 0 of the container")?;
        setresuid(user, user, user).step(|| "become user 0 of the container")
    }

    /// What has ended meanwhile says more than what came of it.
    fn explain(&self, error: Error) -> Error {
        match self.target.has_ended() {
            Ok(true) => self.target.gone(),
            _ => error,
        }
    }
}

impl GoBetween for Entrance {
    // ANCHOR: go
    /// Takes over what only the host's power can, and goes where the process is born.
    fn go(&self) -> Result<()> {
        self.limits.raise()?;
        self.powers.take_groups()?;
        self.label.take_at_exec()?;
        become_another(|| self.target.join(self.own - CloneFlags::CLONE_NEWCGROUP))
    }
    // ANCHOR_END: go
}
