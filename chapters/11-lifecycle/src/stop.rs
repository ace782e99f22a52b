//! `stop` and `kill`: a signal for a container, and the wait until it has really ended.
//!
//! A signal asks. A command that is number 1 and has no handler for it does not even get it,
//! so there has to be a limit to the waiting, and then SIGKILL. It goes to a process that is
//! held by a descriptor, and so never to somebody else who has its number by now.
//!
//! The container has ended when its *record* is free: by then its monitor has removed what it
//! was made of, and the next start finds its ports and addresses free.

use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cgroups::Cgroup;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::record::{self, Identity, Known, find_known};
use process::{Error, Result, Step, pidfd_send_signal};

use crate::policy::STOP_TIMEOUT;
use crate::{Ends, Life, Policy, wanted};

/// How long a container may take to end that was killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a look is taken for a lock that is about to be let go of.
const SOON: Duration = Duration::from_millis(1);

/// Stops a container, and returns when it has ended; one that has ended already is stopped.
///
/// # Errors
/// If there is none, or it does not end.
pub fn stop(word: &str, seconds: Option<u32>) -> Result<()> {
    let it = find_known(word)?;
    let policy = policy_of(&it)?;
    let default = policy.as_ref().map_or(STOP_TIMEOUT, |policy| policy.stop_timeout);
    let time = Duration::from_secs(seconds.unwrap_or(default).into());
    let signal = policy.map_or(libc::SIGTERM, |policy| policy.stop_signal);
    // First of all: a monitor that is about to start it again looks here.
    wanted::stopped(&it.dir)?;
    if ask(&it, signal, Instant::now() + time)? { Ok(()) } else { end(&it) }
}

/// Sends a running one a signal. One that ends by the signal that stops it, or by SIGKILL, is not
/// started again.
///
/// # Errors
/// If there is none, or it does not run.
pub fn kill(name: &str, signal: i32) -> Result<()> {
    let it = find_known(name)?;
    if !Life::of(&it)?.status.is_running() {
        let error = Error::new(format!("cannot kill container {name}: it is not running"));
        return Err(error.with_exit_code(Error::REFUSED));
    }
    if signal == libc::SIGKILL {
        return end(&it);
    }
    if policy_of(&it)?.is_some_and(|policy| policy.stop_signal == signal) {
        wanted::stopped(&it.dir)?;
    }
    send(&it, signal)
}

// ANCHOR: ask
/// Sends it a signal, and waits; whether it has ended until then.
fn ask(it: &Known, signal: i32, deadline: Instant) -> Result<bool> {
    let mut asked = None;
    loop {
        let Some(now) = record::known_by_id(&it.id)?.filter(|now| now.is_alive) else {
            return Ok(true);
        };
        // It may have been started again at this very moment.
        if asked != Some(now.process.clone()) {
            thaw(&now)?;
            send(&now, signal)?;
            asked = Some(now.process.clone());
        }
        let slice = Instant::now() + Duration::from_millis(100);
        if wait_until_over(&now, slice.min(deadline))? {
            return Ok(true);
        }
        if Instant::now() >= deadline {
            return Ok(false);
        }
    }
}
// ANCHOR_END: ask

/// Ends it, whatever it does: who has cleared the parent-death signal, who forks, who is frozen.
///
/// # Errors
/// If something of it survives.
pub(crate) fn end(it: &Known) -> Result<()> {
    wanted::stopped(&it.dir)?;
    if is_ended(it)? {
        return Ok(());
    }
    Err(Error::from_errno(format!("end the container {}", it.word()), Errno::ETIMEDOUT)
        .with_hint("is its monitor stopped? `ps` shows it as lab:monitor, with the id"))
}

/// The same, and the monitor with it if that does not do its part: then nobody knows the exit code.
///
/// # Errors
/// If something of it survives.
pub(crate) fn end_at_any_rate(it: &Known) -> Result<()> {
    if !is_ended(it)?
        && let Some(monitor) = Life::read(&it.dir)?.monitor
        && let Some(pidfd) = monitor.open()?
    {
        let _ = pidfd_send_signal(pidfd.as_fd(), libc::SIGKILL);
    }
    end(it)
}

/// Kills all of it, and waits; whether it has ended.
fn is_ended(it: &Known) -> Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let Some(now) = record::known_by_id(&it.id)?.filter(|now| now.is_alive) else {
            return Ok(true);
        };
        send(&now, libc::SIGKILL)?;
        if let Some(groups) = Cgroup::open(&now.dir)? {
            groups.kill_all();
        }
        if wait_until_over(&now, Instant::now() + Duration::from_millis(500))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sends a signal to its first process; between two lives, to its monitor.
pub(crate) fn send(it: &Known, signal: i32) -> Result<()> {
    let monitor = Life::read(&it.dir)?.monitor;
    let open = |who: &Option<Identity>| who.as_ref().map_or(Ok(None), Identity::open);
    let to = match open(&it.process)? {
        Some(first) => Some((first, signal)),
        // A monitor that is killed cannot tell how it was.
        None => open(&monitor)?.map(|monitor| (monitor, libc::SIGTERM)),
    };
    let Some((pidfd, signal)) = to else { return Ok(()) };
    match pidfd_send_signal(pidfd.as_fd(), signal) {
        Err(Errno::ESRCH) => Ok(()),
        sent => sent.step(|| format!("send a signal to container {}", it.word())),
    }
}

/// One that is frozen takes no signal.
fn thaw(it: &Known) -> Result<()> {
    match Cgroup::open(&it.dir)? {
        Some(groups) if groups.is_frozen().unwrap_or(false) => groups.thaw(),
        _ => Ok(()),
    }
}

/// Waits for the end of a container, and tells its exit code; `None` if nobody knows it.
///
/// # Errors
/// If there is none.
pub fn wait(word: &str) -> Result<Option<u8>> {
    let it = find_known(word)?;
    let mut ends = Ends::open(&it.dir)?;
    while it.is_alive && !wait_until_over(&it, Instant::now() + Duration::from_secs(3600))? {}
    match record::known_by_id(&it.id)? {
        Some(now) => Ok(Life::of(&now)?.exit_code),
        None => Ok(ends.as_mut().and_then(Ends::last)),
    }
}

/// Waits until nobody has its record any more; whether that has come.
fn wait_until_over(it: &Known, deadline: Instant) -> Result<bool> {
    let left = || deadline.saturating_duration_since(Instant::now());
    let monitor = Life::read(&it.dir).ok().and_then(|life| life.monitor);
    for who in monitor.iter().chain(&it.process) {
        if let Some(pidfd) = who.open()? {
            let left = PollTimeout::try_from(left()).unwrap_or(PollTimeout::MAX);
            let _ = poll(&mut [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)], left);
        }
    }
    while record::is_owned(&it.dir) {
        if left().is_zero() {
            return Ok(false);
        }
        sleep(SOON);
    }
    Ok(true)
}

/// Refuses what was asked for of a container that is gone when it has ended.
///
/// # Errors
/// If it is one, or there is none.
pub(crate) fn refuse_if_it_goes(word: &str) -> Result<()> {
    let it = find_known(word)?;
    if it.stays {
        return Ok(());
    }
    Err(Error::new(format!(
        "container {word} is removed when it has ended: it cannot be started again"
    ))
    .with_hint("that is what --rm asks for"))
}

/// What was said of its end; `None` of one of an earlier chapter.
fn policy_of(it: &Known) -> Result<Option<Policy>> {
    it.recorded()?.value("policy")
}
