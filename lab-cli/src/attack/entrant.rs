//! Somebody of the host who comes into the attacker's container, for attacks on those.
//!
//! From chapter 10 on that is `lab exec`. Earlier containers can be entered as well, by
//! whoever is root, and were, by programs that did no more than what is asked for:
//! [`join`] is one of these.

use std::convert::Infallible;
use std::ffi::CString;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use enter::Target as Process;
use nix::fcntl::OFlag;
use nix::sys::prctl;
use nix::unistd::{chroot, execv, fchdir};
use process::{CloneFlags, Error, Result, Step};

use super::cell::Finding;
use super::places::LAB;
use super::target::{Said, Target};
use crate::child::Child;

/// The chapter that brings `lab exec` and `lab cp`.
pub const ENTER: usize = 10;

/// The chapter that brings namespaces to join.
const NAMESPACES: usize = 2;

/// The chapter that brings users, and with them a choice.
const USERS: usize = 8;

/// The attacker's container, which can be entered by its name.
pub struct Attacked<'a> {
    /// What the container is called.
    pub name: String,
    target: &'a Target<'a>,
    runtime: std::process::Child,
    socket: UnixStream,
}

impl<'a> Attacked<'a> {
    /// Lets the attacker loose, and waits until it is ready; or says why nobody comes in.
    pub fn start(target: &'a Target<'a>) -> Result<Result<Self, Finding>> {
        if target.chapter.number < NAMESPACES {
            let why = "it has no namespaces that somebody could come into";
            return Ok(Err(Finding::NotApplicable(why.into())));
        }
        // Other sandboxes use the same directory of records.
        let secret = target.secret.get(..8).unwrap_or_default();
        let name = format!("{}-{secret}", target.attack.name);
        let (mut ours, theirs) = UnixStream::pair().step(|| "make a socket pair")?;
        let mut options = vec!["--name", &name];
        // Whoever comes in shall have something to lose: the power of the host's root.
        if target.chapter.number >= USERS {
            options.extend(["--userns", "host"]);
        }
        let mut command = target.prepare::<&str>(LAB, &options, LAB, &[]);
        command.stdin(OwnedFd::from(theirs));
        let runtime = target.start(command)?;
        if ours.read(&mut [0]).step(|| "wait for the attacker")? == 0 {
            let why = match target.wait(runtime)?.0 {
                Ok(text) | Err(text) => text,
            };
            return Err(Error::new(format!("the attacker is not ready: {why}")));
        }
        Ok(Ok(Self { name, target, runtime, socket: ours }))
    }

    /// Somebody comes in to run `program`, and has a secret in the environment.
    pub fn let_in(&self, program: &str) -> Result<()> {
        let mut command = Command::new(LAB);
        if self.target.chapter.number < ENTER {
            let attack = self.target.attack.name;
            command.args(["attack", "--inside", attack, "join", &self.name, program]);
        } else {
            command.args(["exec", &self.name, "--", program]);
        }
        command.env("CANARY", self.target.secret).stdin(Stdio::null());
        let output = command.output().step(|| "come in")?;
        // What `join` has to say, as all that are started by --inside.
        if let Ok(Err(why)) = serde_json::from_slice::<Result<String, String>>(&output.stdout) {
            return Err(Error::new(format!("nobody can come in: {why}")));
        }
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            return Err(Error::new(format!("nobody can come in: {}", why.trim())));
        }
        Ok(())
    }

    /// Tells the attacker to end, and waits for that.
    pub fn end(self) -> Result<Said> {
        drop(self.socket);
        self.target.wait(self.runtime)
    }

    /// The same, for one that waits for something that will not come.
    pub fn kill(mut self) -> Result<()> {
        self.runtime.kill().step(|| "kill the runtime")?;
        self.runtime.wait().map(drop).step(|| "wait for the runtime")
    }
}

/// As programs did before 2017: takes what the container's first process has, its power
/// as well, and hides from nobody meanwhile. A directory of the host is open, by accident.
/// The container has the users of the host.
pub fn join(words: &[String]) -> Result<String> {
    let [name, program] = words else { return Err(Error::new("join what, and run what?")) };
    let process = Process::of(&process::find(name)?)?;
    let own = process.own_namespaces()?;
    let _of_the_host = std::fs::File::open("/").step(|| "open /")?;
    let _back = process.bear_children_in(own)?;
    let mut command = Child::start("fork the command", |tell| {
        let Err(error) = become_command(&process, own, program);
        let _ = tell.say(&error.to_string());
    })?;
    match command.hear::<String>() {
        Some(why) => Err(Error::new(why)),
        None => command.wait().map(|_| "it has run".into()).step(|| "wait for the command"),
    }
}

fn become_command(process: &Process, own: CloneFlags, program: &str) -> Result<Infallible> {
    let root = process.open("root", OFlag::O_PATH | OFlag::O_DIRECTORY)?;
    let powers = process.powers(own)?;
    process.join(own)?;
    fchdir(root).step(|| "enter the root directory")?;
    chroot(".").step(|| "make it the root directory")?;
    let confinement = powers.confinement();
    confinement.bound_capabilities()?;
    confinement.enter(&powers.user())?;
    // That is chapter 9's way, which hides. Theirs were as the kernel had made them.
    prctl::set_dumpable(true).step(|| "become dumpable")?;
    let path = CString::new(program).map_err(|_| Error::new("a program has no such name"))?;
    execv(&path, &[&path]).step(|| format!("execute {program}"))
}
