//! Somebody of the host who comes into the attacker's container, for attacks on those.
//!
//! From chapter 10 on that is `lab exec`. Earlier containers can be entered as well, by
//! whoever is root, and were, by programs that did no more than what is asked for:
//! [`join`] is one of these.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use enter::Target as Process;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::prctl;
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::{Pid, chdir, chroot, execv, fchdir};
use process::{CloneFlags, Error, ExitStatus, Result, Step, c_string, exit_now};

use super::cell::Finding;
use super::conversation::Conversation;
use super::places::LAB;
use super::target::{DEADLINE, Said, Target};
use crate::child::Child;
use crate::output::print_error;

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
    attacker: Conversation,
    /// A directory of the host that whoever comes in has open, by accident.
    _root: File,
}

impl<'a> Attacked<'a> {
    /// Lets the attacker loose, and waits until it is ready; or says why nobody comes in.
    ///
    /// The attacker is told the number of the open directory, which for a program is the same
    /// each time.
    pub fn start(target: &'a Target<'a>) -> Result<Result<Self, Finding>> {
        if target.chapter.number < NAMESPACES {
            let why = "it has no namespaces that somebody could come into";
            return Ok(Err(Finding::NotApplicable(why.into())));
        }
        // Other sandboxes use the same directory of records.
        let secret = target.secret.get(..8).unwrap_or_default();
        let name = format!("{}-{secret}", target.attack.name);
        let mut options = vec!["--name", &name];
        // Whoever comes in shall have something to lose: the power of the host's root.
        if target.chapter.number >= USERS {
            options.extend(["--userns", "host"]);
        }
        let root = File::open("/").step(|| "open /")?;
        let command = target.prepare(LAB, &options, LAB, &[root.as_raw_fd().to_string()]);
        let mut attacker = Conversation::begin(target, command)?;
        if attacker.hear()?.is_none() {
            return Err(attacker.explain_silence(target));
        }
        // From now on, our children inherit it.
        fcntl(&root, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let / be inherited")?;
        Ok(Ok(Self { name, target, attacker, _root: root }))
    }

    /// Somebody who has a secret in the environment is about to come in by `program`, and to
    /// run `words` in the directory `workdir`.
    pub fn entrance(&self, program: &str, workdir: &str, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        if self.target.chapter.number < ENTER {
            command.args(["attack", "--inside", self.target.attack.name, "join"]);
            command.args([&self.name, workdir]);
        } else {
            command.args(["exec", "--workdir", workdir, &self.name, "--"]);
        }
        command.args(words).env("CANARY", self.target.secret);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Somebody comes in by `lab`, and runs `words` to their end.
    pub fn let_in(&self, workdir: &str, words: &[&str]) -> Result<Said> {
        self.target.wait(self.target.start(self.entrance(LAB, workdir, words))?)
    }

    /// Tells the attacker to end, and waits for that.
    pub fn end(mut self) -> Result<Said> {
        self.attacker.tell_the_end();
        collect_others_than(Pid::from_raw(self.attacker.runtime.id().cast_signed()))?;
        self.attacker.end(self.target)
    }

    /// The same, for one that waits for something that will not come.
    pub fn kill(mut self) -> Result<()> {
        let runtime = &mut self.attacker.runtime;
        runtime.kill().step(|| "kill the runtime")?;
        runtime.wait().map(drop).step(|| "wait for the runtime")
    }
}

/// Waits for whoever came in and has lost its parent: it is ours then, as we are PID 1 here, and
/// its PID namespace does not end before, pid_namespaces(7). Until the runtime has ended.
fn collect_others_than(runtime: Pid) -> Result<()> {
    let step = || "wait for whoever came in";
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT | WaitPidFlag::WNOHANG;
    let start = Instant::now();
    while start.elapsed() < DEADLINE {
        match waitid(Id::All, flags).step(step)?.pid() {
            None => sleep(Duration::from_millis(1)),
            Some(pid) if pid == runtime => break,
            other => drop(waitpid(other, None).step(step)?),
        }
    }
    Ok(())
}

/// As programs did before 2017: takes what the container's first process has, its power
/// as well, hides from nobody meanwhile, and leaves open what is open. The container has the
/// users of the host. It ends as the command does.
pub fn join(words: &[String]) -> Result<String> {
    let code = run(words).map_or_else(
        |error| {
            let code = error.exit_code();
            print_error(&error.into());
            code
        },
        ExitStatus::code,
    );
    exit_now(code.into())
}

fn run(words: &[String]) -> Result<ExitStatus> {
    let [name, workdir, argv @ ..] = words else {
        return Err(Error::new("join what, and run what?"));
    };
    let process = Process::of(&process::find(name)?)?;
    let own = process.own_namespaces()?;
    // Only children are born in there.
    process.join(own & CloneFlags::CLONE_NEWPID)?;
    let mut command = Child::start("fork the command", |tell| {
        let Err(error) = become_command(&process, own, workdir, argv);
        let _ = tell.say(&error.to_string());
    })?;
    match command.hear::<String>() {
        Some(why) => Err(Error::new(why)),
        None => command.wait().step(|| "wait for the command"),
    }
}

fn become_command(
    process: &Process,
    own: CloneFlags,
    workdir: &str,
    argv: &[String],
) -> Result<Infallible> {
    let root = process.open("root", OFlag::O_PATH | OFlag::O_DIRECTORY)?;
    let powers = process.powers(own)?;
    process.join(own - CloneFlags::CLONE_NEWPID)?;
    fchdir(root).step(|| "enter the root directory")?;
    chroot(".").step(|| "make it the root directory")?;
    chdir(workdir).step(|| format!("change to {workdir}"))?;
    let confinement = powers.confinement();
    confinement.bound_capabilities()?;
    confinement.enter(&powers.user())?;
    // That is chapter 9's way, which hides. Theirs were as the kernel had made them.
    prctl::set_dumpable(true).step(|| "become dumpable")?;
    let argv = argv.iter().map(|word| c_string(word.into()));
    let argv = argv.collect::<Result<Vec<CString>>>()?;
    let program = argv.first().ok_or_else(|| Error::new("run what?"))?;
    execv(program, &argv).step(|| format!("execute {}", program.to_string_lossy()))
}
