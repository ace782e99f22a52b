//! Several jobs at once, in processes: `lab` has one thread, and what it clones must
//! not have more.
//!
//! ```text
//!   lab ── numbers ──▶ ═══════ ──▶ worker, worker, …     whoever is free takes one
//!    └──◀── two lines of JSON for each ── worker's own socket
//! ```
//!
//! The first line says that a job is begun. So when a worker dies, it is known which job
//! was the end of it, and another worker takes its place for the others.

use std::io::{PipeReader, Read, Write, pipe};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{SysconfVar, sysconf};
use process::{Error, ExitStatus, Result, Step};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::child::{Child, Tell};

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
    child: Child,
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
    let hire = || -> Result<Worker> {
        let child = Child::start("fork a worker", |tell| serve(jobs, &work, &numbers, tell))?;
        Ok(Worker { child, job: None })
    };
    let count = workers.clamp(1, jobs.len().max(1));
    let mut hired = (0..count).map(|_| hire()).collect::<Result<Vec<_>>>()?;
    while !hired.is_empty() {
        let ready = wait_for_news(&hired)?;
        let worker = &mut hired[ready];
        match worker.child.hear() {
            Some(News::Begun(number)) => worker.job = Some(number),
            Some(News::Done(number, result)) => {
                worker.job = None;
                done(number, result.map_err(Error::new));
            }
            None => {
                let Worker { child, job } = hired.swap_remove(ready);
                let end = child.wait().step(|| "wait for a worker")?;
                if let Some(number) = job {
                    done(number, Err(Error::new(format!("its worker died: {}", word_for(end)))));
                    hired.push(hire()?);
                }
            }
        }
    }
    Ok(())
}

/// Waits until one of them has something to tell, or has ended; which one.
fn wait_for_news(hired: &[Worker]) -> Result<usize> {
    if let Some(at) = hired.iter().position(|worker| worker.child.has_answered()) {
        return Ok(at);
    }
    let readable = |worker| PollFd::new(AsFd::as_fd(worker), PollFlags::POLLIN);
    let mut polled: Vec<_> = hired.iter().map(|worker| &worker.child).map(readable).collect();
    poll(&mut polled, PollTimeout::NONE).step(|| "wait for the workers")?;
    Ok(polled.iter().position(|fd| fd.any().unwrap_or_default()).unwrap_or_default())
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
    mut numbers: &PipeReader,
    tell: &Tell,
) {
    let mut number = [0; 4];
    while numbers.read_exact(&mut number).is_ok() {
        let number = u32::from_ne_bytes(number) as usize;
        let told = tell.say(&News::<T>::Begun(number)).and_then(|()| {
            let result = work(&jobs[number]).map_err(|error| error.to_string());
            tell.say(&News::Done(number, result))
        });
        if told.is_err() {
            return;
        }
    }
}
