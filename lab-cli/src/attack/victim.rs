//! A process of the sandbox host, for attacks on processes.

use std::io::{Read, pipe};
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, pause};
use process::{Result, Step};

/// What the victim is called.
pub const NAME: &str = "lab:canary";

/// It sleeps until it is killed, by an attacker or when this value is dropped.
pub struct Victim {
    /// Its number on the host.
    pub pid: Pid,
    is_reaped: bool,
}

impl Victim {
    /// Starts one: a copy of the sandbox host, with the same memory at the same addresses.
    pub fn start() -> Result<Self> {
        let (mut named, tell) = pipe().step(|| "make a pipe")?;
        match process::fork("fork a victim")? {
            ForkResult::Parent { child } => {
                drop(tell);
                let victim = Self { pid: child, is_reaped: false };
                // Closed when it has its name, by which attackers look for it.
                named.read_to_end(&mut Vec::new()).step(|| "wait for the victim's name")?;
                Ok(victim)
            }
            ForkResult::Child => {
                let _ = prctl::set_pdeathsig(Signal::SIGKILL);
                if let Ok(name) = std::ffi::CString::new(NAME) {
                    let _ = prctl::set_name(&name);
                }
                drop(tell);
                loop {
                    pause();
                }
            }
        }
    }

    /// Whether it has been killed; a signal takes a moment.
    pub fn is_dead(&mut self) -> Result<bool> {
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
