//! Attacks on the host's processes: seeing, killing, reading one.
//!
//! The victim is a child of the sandbox host, which sleeps.

use std::fs;
use std::io::IoSliceMut;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, pause};
use process::{Error, Result, Step};

use crate::attack::Attack;
use crate::sys;

/// What the victim is called: 15 bytes at most.
const NAME: &str = "lab:canary";

pub const SEE: Attack = Attack {
    name: "see-processes",
    title: "see the host's processes",
    tries: "mount a /proc of its own, as root may, and list the names of all processes.",
    why: "a /proc shows the PID namespace of whoever mounts it. With a PID namespace of its \
          own, the container sees its own processes only.",
    reference: "pid_namespaces(7)",
    stopped_by: 2,
    run: |target| {
        let victim = Victim::start(NAME)?;
        let said = target.attack::<&str>(&[], &[])?;
        drop(victim);
        Ok(said.has_read(NAME, "the name of a host's process"))
    },
    inside: |_| names().map(|names| names.join(" ")),
};

pub const KILL: Attack = Attack {
    name: "kill",
    title: "kill one of them",
    tries: "send SIGKILL to the number that a process has on the host.",
    why: "numbers are looked up in the sender's PID namespace, where that process has none.",
    reference: "kill(2), pid_namespaces(7)",
    stopped_by: 2,
    run: |target| {
        let mut victim = Victim::start(NAME)?;
        let said = target.attack(&[], &[victim.pid.to_string()])?;
        Ok(said.judged(victim.is_dead()?, "the host's process is dead"))
    },
    inside: |words| {
        let pid = number(words)?;
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).step(|| format!("kill {pid}"))?;
        Ok(format!("killed {pid}"))
    },
};

pub const MEMORY: Attack = Attack {
    name: "read-memory",
    title: "read the memory of one",
    tries: "read a secret out of a host's process with process_vm_readv.",
    why: "it takes a process id, as ptrace does: without one there is nobody to ask for.",
    reference: "process_vm_readv(2), ptrace(2)",
    stopped_by: 2,
    run: |target| {
        // A child has its parent's memory under the same addresses.
        let victim = Victim::start(NAME)?;
        let secret = target.secret;
        let words = [victim.pid.as_raw() as usize, secret.as_ptr() as usize, secret.len()];
        let said = target.attack(&[], &words.map(|word| word.to_string()))?;
        drop(victim);
        Ok(said.has_read(secret, "a secret in the memory of a host's process"))
    },
    inside: |words| {
        let pid = number(words)?;
        let (base, len) = (number(&words[1..])?, number(&words[2..])?.min(4096));
        let mut bytes = vec![0; len];
        let mut local = [IoSliceMut::new(&mut bytes)];
        process_vm_readv(Pid::from_raw(pid as i32), &mut local, &[RemoteIoVec { base, len }])
            .step(|| format!("read the memory of process {pid}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    },
};

/// The first of the words, which is a number.
pub fn number(words: &[String]) -> Result<usize> {
    let number = words.first().and_then(|word| word.parse().ok());
    number.ok_or_else(|| Error::new("the attacker was not told a number"))
}

/// Mounts a /proc where there is none, as after chroot, and where that is allowed.
pub fn mount_proc() {
    if Path::new("/proc/self").exists() {
        return;
    }
    let _ = mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), None::<&str>);
}

fn names() -> Result<Vec<String>> {
    mount_proc();
    let entries = fs::read_dir("/proc").step(|| "read /proc")?;
    let name = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("comm")).ok();
    let names = entries.flatten().filter_map(name).map(|name| name.trim().to_owned());
    Ok(names.collect())
}

/// A process of the host, which sleeps until it is killed.
struct Victim {
    pid: Pid,
    is_reaped: bool,
}

impl Victim {
    fn start(name: &str) -> Result<Self> {
        match sys::fork().step(|| "fork a victim")? {
            ForkResult::Parent { child } => Ok(Self { pid: child, is_reaped: false }),
            ForkResult::Child => {
                let _ = prctl::set_pdeathsig(Signal::SIGKILL);
                if let Ok(name) = std::ffi::CString::new(name) {
                    let _ = prctl::set_name(&name);
                }
                pause();
                sys::exit_now(0)
            }
        }
    }

    /// Whether it has been killed; a signal takes a moment.
    fn is_dead(&mut self) -> Result<bool> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(20) {
            let status = waitpid(self.pid, Some(WaitPidFlag::WNOHANG));
            if status.step(|| "look at the victim")? != WaitStatus::StillAlive {
                self.is_reaped = true;
                return Ok(true);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(false)
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        if !self.is_reaped {
            let _ = kill(self.pid, Signal::SIGKILL);
            let _ = waitpid(self.pid, None);
        }
    }
}
