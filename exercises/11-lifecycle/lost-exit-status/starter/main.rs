//! A monitor that stays with a command, and somebody who comes later and asks how it has ended.

use std::fs::{File, create_dir_all};
use std::io::{PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use clap::Parser;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid, waitpid};
use nix::unistd::{ForkResult, fork};
use process::{Result, Step, exit_now};

mod life;

use life::Life;

#[derive(Parser)]
struct Options {
    /// How the container is called
    #[arg(long)]
    name: String,
    /// Kill the monitor while the command runs, as the kernel does when memory is short
    #[arg(long)]
    kill_monitor: bool,
    /// Ask when all is over
    #[arg(long)]
    late: bool,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(Some(code)) => {
            println!("exit code {code}");
            code.into()
        }
        Ok(None) => {
            println!("exit code unknown");
            125.into()
        }
        Err(error) => {
            eprintln!("error: {error}");
            125.into()
        }
    }
}

fn run(options: &Options) -> Result<Option<u8>> {
    let dir = PathBuf::from("/run/containers").join(&options.name);
    create_dir_all(&dir).step(|| format!("create {}", dir.display()))?;
    let (mut started, tell) = pipe().step(|| "make a pipe")?;
    // SAFETY: this process has one thread only.
    let monitor = match unsafe { fork() }.step(|| "fork the monitor")? {
        ForkResult::Child => {
            drop(started);
            exit_now(match monitor(&dir, &options.command, tell) {
                Ok(()) => 0,
                Err(error) => {
                    eprintln!("error: monitor: {error}");
                    1
                }
            })
        }
        ForkResult::Parent { child } => child,
    };
    drop(tell);
    // A byte, or the end of the pipe if it has not come so far.
    started.read(&mut [0]).step(|| "wait for the monitor")?;
    if options.kill_monitor {
        kill(monitor, Signal::SIGKILL).step(|| "kill the monitor")?;
    }
    if options.late {
        // It has ended, and stays a zombie: nobody else gets its number.
        let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        waitid(Id::Pid(monitor), ended).step(|| "wait for the monitor's end")?;
    }
    let code = life::wait(&dir)?;
    waitpid(monitor, None).step(|| "wait for the monitor")?;
    Ok(code)
}

/// The monitor, from its beginning to its end: with it goes the lock.
fn monitor(dir: &Path, command: &[String], mut tell: PipeWriter) -> Result<()> {
    // Closed on exec: the command does not get it.
    let lock = File::open(dir).step(|| format!("open {}", dir.display()))?;
    // SAFETY: the descriptor is open.
    let taken = unsafe { libc::flock(lock.as_raw_fd(), libc::LOCK_EX) };
    Errno::result(taken).step(|| format!("lock {}", dir.display()))?;

    let mut program = Command::new(&command[0]);
    program.args(&command[1..]);
    // SAFETY: this is one system call, and allocates nothing.
    unsafe {
        program.pre_exec(|| {
            prctl::set_pdeathsig(Signal::SIGKILL)?;
            Ok(())
        });
    }
    let mut child = program.spawn().step(|| format!("start {}", command[0]))?;
    Life::running().write(dir)?;
    tell.write_all(b".").step(|| "say that it is started")?;
    let status = child.wait().step(|| "wait for the command")?;
    Life::exited(code_of(status)).write(dir)
}

fn code_of(status: ExitStatus) -> u8 {
    match (status.code(), status.signal()) {
        (Some(code), _) => code as u8,
        (None, signal) => 128 + signal.unwrap_or_default() as u8,
    }
}
