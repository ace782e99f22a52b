//! Several jobs at once, in processes: `lab` has one thread, and what it clones must
//! not have more.
//!
//! ```text
//!   lab ── numbers ──▶ ═══════ ──▶ worker, worker, …     whoever is free takes one
//!    └──◀── a line of JSON for each ── worker's own pipe
//! ```

use std::io::{BufRead, BufReader, PipeReader, Read, Write, pipe};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid};
use process::{Error, Result, Step};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::sys;

/// The most jobs: their numbers have to fit into a pipe, which holds 64 KiB.
const MOST: usize = 16 * 1024;

/// Does all `jobs`, some at a time, and hands on each result with its job's number.
///
/// The caller must have one thread only.
///
/// # Errors
/// If a job fails, or a worker is killed; the other jobs are done all the same.
pub fn work<J, T: Serialize + DeserializeOwned>(
    jobs: &[J],
    workers: usize,
    work: impl Fn(&J) -> Result<T>,
    mut done: impl FnMut(usize, T),
) -> Result<()> {
    if jobs.len() > MOST {
        return Err(Error::new(format!("{} jobs are more than {MOST}", jobs.len())));
    }
    let (numbers, mut hand_out) = pipe().step(|| "make a pipe")?;
    for number in 0..jobs.len() as u32 {
        hand_out.write_all(&number.to_ne_bytes()).step(|| "hand out a job")?;
    }
    drop(hand_out);
    let mut crew: Vec<(Pid, BufReader<PipeReader>)> = Vec::new();
    for _ in 0..workers.clamp(1, jobs.len().max(1)) {
        let (answers, tell) = pipe().step(|| "make a pipe")?;
        match sys::fork().step(|| "fork a worker")? {
            ForkResult::Parent { child } => crew.push((child, BufReader::new(answers))),
            ForkResult::Child => {
                // The other workers' pipes are to end with them.
                crew.clear();
                let _ = prctl::set_pdeathsig(Signal::SIGKILL);
                serve(jobs, &work, numbers, tell);
                sys::exit_now(0)
            }
        }
    }
    drop(numbers);

    let mut missing = jobs.len();
    let mut failed = None;
    while !crew.is_empty() {
        let waits: Vec<_> = crew.iter().map(|(_, answers)| answers.get_ref().as_fd()).collect();
        let mut polled: Vec<_> =
            waits.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
        poll(&mut polled, PollTimeout::NONE).step(|| "wait for the workers")?;
        let ready = polled.iter().position(|fd| fd.any().unwrap_or_default()).unwrap_or_default();
        let (worker, answers) = &mut crew[ready];
        // A worker writes whole lines and nothing between them, so none is cut off.
        let mut line = String::new();
        if answers.read_line(&mut line).step(|| "listen to a worker")? == 0 {
            waitpid(*worker, None).step(|| "wait for a worker")?;
            crew.swap_remove(ready);
            continue;
        }
        missing -= 1;
        match serde_json::from_str::<(usize, Result<T, String>)>(&line) {
            Ok((number, Ok(result))) => done(number, result),
            Ok((_, Err(text))) => failed = failed.or(Some(Error::new(text))),
            Err(error) => failed = failed.or(Some(Error::new(format!("a worker: {error}")))),
        }
    }
    match failed {
        Some(error) => Err(error),
        None if missing > 0 => Err(Error::new(format!("{missing} jobs were not done to the end"))),
        None => Ok(()),
    }
}

/// A worker: takes a number, does the job, tells of it, until no number is left.
fn serve<J, T: Serialize>(
    jobs: &[J],
    work: impl Fn(&J) -> Result<T>,
    mut numbers: PipeReader,
    mut tell: impl Write,
) {
    let mut number = [0; 4];
    while numbers.read_exact(&mut number).is_ok() {
        let number = u32::from_ne_bytes(number) as usize;
        let result = work(&jobs[number]).map_err(|error| error.to_string());
        let mut line = serde_json::to_vec(&(number, result)).unwrap_or_default();
        line.push(b'\n');
        if tell.write_all(&line).is_err() {
            return;
        }
    }
}
