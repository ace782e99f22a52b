//! Several jobs at once, in processes: `lab` has one thread, and what it clones must
//! not have more.
//!
//! ```text
//!   lab ── numbers ──▶ ═══════ ──▶ worker, worker, …     whoever is free takes one
//!    └──◀── two lines of JSON for each ── worker's own pipe
//! ```
//!
//! The first line says that a job is begun. So when a worker dies, it is known which job
//! was the end of it, and another worker takes its place for the others.

use std::io::{BufRead, BufReader, PipeReader, Read, Write, pipe};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{ForkResult, Pid, SysconfVar, sysconf};
use process::child::wait_for;
use process::{Error, ExitStatus, Result, Step};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The most jobs: their numbers have to fit into a pipe, which holds 64 KiB.
const MOST: usize = 16 * 1024;

/// As many workers as do not wait for one another.
pub fn processors() -> usize {
    let online = sysconf(SysconfVar::_NPROCESSORS_ONLN).ok().flatten();
    online.and_then(|count| count.try_into().ok()).unwrap_or(1)
}

/// What a worker tells of the job with this number.
#[derive(Serialize, Deserialize)]
enum News<T> {
    Begun(usize),
    Done(usize, Result<T, String>),
}

/// A worker, as its employer sees it.
struct Worker {
    pid: Pid,
    news: BufReader<PipeReader>,
    job: Option<usize>,
}

/// Does all `jobs`, some at a time, and hands on each result with its job's number. The
/// result of a job whose worker has died is an error, too.
///
/// The caller must have one thread only.
///
/// # Errors
/// If no workers can be made.
pub fn work<J, T: Serialize + DeserializeOwned>(
    jobs: &[J],
    workers: usize,
    work: impl Fn(&J) -> Result<T>,
    mut done: impl FnMut(usize, Result<T>),
) -> Result<()> {
    if jobs.len() > MOST {
        return Err(Error::new(format!("{} jobs are more than {MOST}", jobs.len())));
    }
    let (numbers, mut hand_out) = pipe().step(|| "make a pipe")?;
    for (number, _) in (0u32..).zip(jobs) {
        hand_out.write_all(&number.to_ne_bytes()).step(|| "hand out a job")?;
    }
    drop(hand_out);
    let mut hired = Vec::new();
    for _ in 0..workers.clamp(1, jobs.len().max(1)) {
        hire(&mut hired, jobs, &work, &numbers)?;
    }
    while !hired.is_empty() {
        let waits: Vec<_> = hired.iter().map(|worker| worker.news.get_ref().as_fd()).collect();
        let mut polled: Vec<_> =
            waits.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
        poll(&mut polled, PollTimeout::NONE).step(|| "wait for the workers")?;
        let ready = polled.iter().position(|fd| fd.any().unwrap_or_default()).unwrap_or_default();
        let worker = &mut hired[ready];
        // A worker writes whole lines and nothing between them. A cut one is of one that died.
        let mut line = String::new();
        worker.news.read_line(&mut line).step(|| "listen to a worker")?;
        match serde_json::from_str(&line) {
            Ok(News::Begun(number)) => worker.job = Some(number),
            Ok(News::Done(number, result)) => {
                worker.job = None;
                done(number, result.map_err(Error::new));
            }
            Err(_) => {
                let worker = hired.swap_remove(ready);
                let end = wait_for(worker.pid).step(|| "wait for a worker")?;
                if let Some(number) = worker.job {
                    done(number, Err(Error::new(format!("its worker died: {}", word_for(end)))));
                    hire(&mut hired, jobs, &work, &numbers)?;
                }
            }
        }
    }
    Ok(())
}

/// Forks one more worker.
fn hire<J, T: Serialize>(
    hired: &mut Vec<Worker>,
    jobs: &[J],
    work: impl Fn(&J) -> Result<T>,
    numbers: &PipeReader,
) -> Result<()> {
    let (news, tell) = pipe().step(|| "make a pipe")?;
    let own_numbers = numbers.try_clone().step(|| "copy a pipe")?;
    match process::fork("fork a worker")? {
        ForkResult::Parent { child } => {
            hired.push(Worker { pid: child, news: BufReader::new(news), job: None });
            Ok(())
        }
        ForkResult::Child => {
            // The other workers' pipes are to end with them.
            hired.clear();
            let _ = prctl::set_pdeathsig(Signal::SIGKILL);
            serve(jobs, &work, own_numbers, tell);
            process::exit_now(0)
        }
    }
}

fn word_for(end: ExitStatus) -> String {
    match end {
        ExitStatus::Signaled(libc::SIGALRM) => "it took too long".to_owned(),
        end => end.to_string(),
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
        let mut send = |news: News<T>| {
            let mut line = serde_json::to_vec(&news).unwrap_or_default();
            line.push(b'\n');
            tell.write_all(&line)
        };
        let sent = send(News::Begun(number)).and_then(|()| {
            let result = work(&jobs[number]).map_err(|error| error.to_string());
            send(News::Done(number, result))
        });
        if sent.is_err() {
            return;
        }
    }
}
