//! A container, somebody who stops it, and a busy host: as soon as the container has ended, its number
//! belongs to a stranger.
//!
//! ```text
//!   main ──┬── the container          number 7
//!          ├── who stops it           your `stop::stop`
//!          └── a stranger             number 7, as soon as the container has ended
//! ```

use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Error, Result, Step, exit_now, pidfd_open};

mod kernel;
mod numbers;
mod stop;

#[derive(Parser)]
struct Options {
    /// How long a container may take to end, in milliseconds
    #[arg(long, default_value_t = 1000)]
    patience: u64,
    /// It has ended long before it is stopped
    #[arg(long)]
    late: bool,
    /// It crashes when the kernel is asked for the Nth time
    #[arg(long, value_name = "N")]
    crash_at: Option<u32>,
    /// How long the stranger sleeps, in seconds
    #[arg(long, default_value = "30")]
    stranger: String,
    /// The container's command
    #[arg(required = true, trailing_var_arg = true)]
    command: Vec<String>,
}

/// What is written down of a container.
pub struct Record {
    /// The number of its first process.
    pub pid: Pid,
    /// When that was started, in clock ticks since boot.
    pub started: u64,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => {
            println!("exit code {code}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Returns the container's exit code.
fn run(options: &Options) -> Result<u8> {
    let container = numbers::start(&options.command, None)?;
    numbers::wait_until_asleep(container);
    let pidfd = pidfd_open(container).step(|| "open a pidfd of the container")?;
    let started = numbers::started(container).ok_or_else(|| Error::new("it has no start time"))?;
    let record = Record { pid: container, started };
    let mut exchange = Exchange { container, started, stranger: None };
    if options.late {
        exchange.give_away(&options.stranger)?;
    }
    let crash = kernel::prepare(options.crash_at, &pidfd)?;

    // SAFETY: this process has one thread only.
    let stopper = match unsafe { fork() }.step(|| "fork who stops it")? {
        ForkResult::Child => {
            let stopped = stop::stop(&record, Duration::from_millis(options.patience)); // yours
            exit_now(match stopped {
                Ok(()) => 0,
                Err(error) => {
                    eprintln!("error: stop: {error}");
                    1
                }
            })
        }
        ForkResult::Parent { child } => child,
    };
    let stopping = pidfd_open(stopper).step(|| "open a pidfd of who stops it")?;
    if exchange.stranger.is_none() {
        let both = ends(&[&pidfd, &stopping])?;
        if !both[0] {
            let _ = kill(container, Signal::SIGKILL);
            return Err(Error::new("stop has returned, and the container still runs"));
        }
        // Who stops it gets no processor time meanwhile.
        let _ = kill(stopper, Signal::SIGSTOP);
        numbers::wait_until_stopped(stopper);
        exchange.give_away(&options.stranger)?;
        let _ = kill(stopper, Signal::SIGCONT);
    }
    crash.has_happened()?;

    let (code, stranger) = exchange.stranger.ok_or_else(|| Error::new("there is no stranger"))?;
    let strangers = pidfd_open(stranger).step(|| "open a pidfd of the stranger")?;
    ends(&[&strangers, &stopping])?;
    if !numbers::sleeps_on(stranger) {
        let _ = kill(stopper, Signal::SIGKILL);
        let how = waitpid(stranger, None).step(|| "wait for the stranger")?;
        return Err(Error::new(format!("a stranger was hit: {how:?}")));
    }
    match waitpid(stopper, None).step(|| "wait for who stops it")? {
        WaitStatus::Exited(_, 0) => Ok(code),
        how => Err(Error::new(format!("the container was not stopped: {how:?}"))),
    }
}

/// The number that changes hands.
struct Exchange {
    container: Pid,
    started: u64,
    /// How the container ended, and who has its number.
    stranger: Option<(u8, Pid)>,
}

impl Exchange {
    /// Waits for the container's end, and gives its number to a stranger.
    fn give_away(&mut self, seconds: &str) -> Result<()> {
        let code = match waitpid(self.container, None).step(|| "wait for the container")? {
            WaitStatus::Exited(_, code) => code as u8,
            WaitStatus::Signaled(_, signal, _) => 128 + signal as u8,
            how => return Err(Error::new(format!("the container has not ended: {how:?}"))),
        };
        numbers::wait_for_another_tick(self.started);
        let words = ["sleep".to_owned(), seconds.to_owned()];
        self.stranger = Some((code, numbers::start(&words, Some(self.container))?));
        Ok(())
    }
}

/// Waits for the end of one of two processes, and says which have ended.
fn ends(pidfds: &[&OwnedFd; 2]) -> Result<[bool; 2]> {
    let mut polled = pidfds.map(|pidfd| PollFd::new(pidfd.as_fd(), PollFlags::POLLIN));
    poll(&mut polled, PollTimeout::NONE).step(|| "wait for an end")?;
    Ok(polled.map(|one| one.any().unwrap_or_default()))
}
