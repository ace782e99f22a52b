//! Processes that come into a container while it runs: what some observations are about.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::unistd::Pid;
use process::{Error, Result, Step};

use crate::exercise::facts::tree::children_of;
use crate::view::proc::Proc;

/// The host's program that joins namespaces; nsenter(1).
const NSENTER: &str = "nsenter";

const SHELL: &str = "sh";

/// What it joins. Not `--all`: that tries also what is the host's, and in a sandbox may not.
const KINDS: [&str; 5] = ["--mount", "--uts", "--ipc", "--net", "--pid"];

/// How long one may take to be inside, and between two looks whether it is.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(2);

/// Sends a process into the container of another one, and waits until it is there; a shell, until
/// it has done all it does and has become what it executes at its end. It ends with the container.
///
/// # Errors
/// If it does not get there.
pub fn send(into: Pid, words: &[String]) -> Result<()> {
    let step = || format!("run {NSENTER}");
    let mut outside = Command::new(NSENTER)
        .args(KINDS)
        .args(["--preserve-credentials", "--target", &into.to_string(), "--"])
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C is for whoever is in the foreground.
        .process_group(0)
        .spawn()
        .step(step)?;
    let top = Pid::from_raw(outside.id().cast_signed());
    let has_become_it = |pid: Pid| {
        let name = Proc::open(pid).map(|process| process.status().name().to_string());
        name.is_ok_and(|name| name != NSENTER && name != SHELL)
    };
    let deadline = Instant::now() + PATIENCE;
    while !children_of(top).into_iter().any(has_become_it) {
        let has_ended = outside.try_wait().step(step)?.is_some();
        if has_ended || Instant::now() > deadline {
            return Err(Error::new(format!("{NSENTER} does not get into {into}")));
        }
        sleep(PAUSE);
    }
    Ok(())
}
