//! The runtime of an observation, of which the learner's script sees nothing.
//!
//! ```text
//!   lab exercise unseen ───┬── another container   how they are to be is read from a file
//!        │ exec            └── the container
//!        ▼                           ▲
//!       sh ── answer.sh PID ── looks ┘             their parent is a shell now
//! ```
//!
//! A runtime knows what the script is to find out: by its command line, by its memory, by its
//! records, and this one can look for itself. So it makes the containers and is gone. An exec
//! does that: to the kernel the process is still the containers' parent, so nothing ends.

use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{ErrorKind, stdout};
use std::mem::ManuallyDrop;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::{Args, FromArgMatches};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::stat::Mode;
use nix::unistd::{dup2_stdout, mkfifo};
use process::{Result, Step};
use serde::{Deserialize, Serialize};

use super::{lab, visitors};
use crate::exercise::sandbox::plan::{PROGRAM, WORK};
use crate::exercise::values::Values;
use crate::run::{self, RunArgs};
use crate::sys;

/// The learner's file.
pub const SCRIPT: &str = "answer.sh";
/// The containers, as JSON.
pub const RUNS: &str = "/work/runs";
/// The pipe by which the shell is told which process to look at.
pub const GO: &str = "/work/go";

/// A container that is made, and those who come in.
#[derive(Debug, Serialize, Deserialize)]
pub struct Unseen {
    /// The arguments of `lab run`.
    pub run: Vec<String>,
    /// A command each.
    pub enter: Vec<Vec<String>>,
}

impl Unseen {
    /// With the values filled in.
    pub fn new(run: &[String], enter: &[Vec<String>], values: &Values) -> Self {
        let enter = enter.iter().map(|words| values.fill_each(words)).collect();
        Self { run: lab::run_words(run, values), enter }
    }
}

/// Waits for the number, and hands it to the script.
const SHELL: &str = r#"read pid <"$1"; rm "$1"; exec sh "$2" "$pid""#;

/// Makes the containers, and becomes the shell that runs the script.
///
/// # Errors
/// It does not return otherwise.
pub fn become_script() -> anyhow::Result<Infallible> {
    mkfifo(GO, Mode::S_IRUSR | Mode::S_IWUSR).step(|| format!("make {GO}"))?;
    let bytes = fs::read(RUNS).step(|| format!("read {RUNS}"))?;
    let runs: Vec<Unseen> = serde_json::from_slice(&bytes)?;
    for Unseen { run, enter } in runs {
        let container = without_output(|| run::start(&arguments(run)?))?;
        enter.iter().try_for_each(|words| visitors::send(container.process().pid(), words))?;
        // All that it would remove at its end goes with the sandbox.
        let _ = ManuallyDrop::new(container);
    }
    forget_all()?;
    hide_lab()?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
        .step(|| "unblock all signals")?;
    sys::close_on_exec_from(3).step(|| "close all other descriptors")?;
    let script = Path::new(WORK).join(SCRIPT);
    let mut shell = Command::new("/bin/sh");
    Err(shell.args(["-c", SHELL, "sh", GO]).arg(script).exec()).step(|| "start the shell")?
}

fn arguments(words: Vec<String>) -> anyhow::Result<RunArgs> {
    let command = RunArgs::augment_args(clap::Command::new("run").no_binary_name(true));
    Ok(RunArgs::from_arg_matches(&command.try_get_matches_from(words)?)?)
}

/// Does something while standard output leads nowhere: it is for the script.
fn without_output<T>(act: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    let null = File::options().write(true).open("/dev/null").step(|| "open /dev/null")?;
    let kept = stdout().as_fd().try_clone_to_owned().step(|| "copy the output")?;
    dup2_stdout(&null).step(|| "put the output aside")?;
    let done = act()?;
    dup2_stdout(&kept).step(|| "take the output again")?;
    Ok(done)
}

/// Removes the words, and what the records say. A directory stays that holds a layer.
fn forget_all() -> Result<()> {
    fs::remove_file(RUNS).step(|| format!("remove {RUNS}"))?;
    let list = |dir: &Path| -> Result<Vec<PathBuf>> {
        let entries = fs::read_dir(dir).step(|| format!("list {}", dir.display()))?;
        Ok(entries.flatten().map(|entry| entry.path()).collect())
    };
    for record in list(&process::record::containers())? {
        let files = if record.is_dir() { list(&record)? } else { vec![record.clone()] };
        for file in files.iter().filter(|file| !file.is_dir()) {
            fs::remove_file(file).step(|| format!("remove {}", file.display()))?;
        }
        // The directory's name is the container's id, after which the runtime calls its links.
        let _ = fs::remove_dir(&record);
    }
    Ok(())
}

/// A program that answers all questions of the course is no way to find out: neither this
/// one, nor one that is installed on the host.
fn hide_lab() -> Result<()> {
    umount2(PROGRAM, MntFlags::MNT_DETACH).step(|| format!("unmount {PROGRAM}"))?;
    let nothing = None::<&str>;
    for dir in process::DEFAULT_PATH.split(':') {
        let program = Path::new(dir).join("lab");
        match mount(Some("/dev/null"), &program, nothing, MsFlags::MS_BIND, nothing) {
            Err(nix::errno::Errno::ENOENT) => {}
            mounted => mounted.step(|| format!("hide {}", program.display()))?,
        }
    }
    match fs::remove_file(PROGRAM) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.step(|| format!("remove {PROGRAM}")),
    }
}
