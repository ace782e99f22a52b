//! The life of a monitor: one container, from its record, as often as it is to be started.
//!
//! It is the same runtime as in each chapter before, and waits for one process. It has no
//! terminal and no command line; all it knows is the id of a record. When it ends, the kernel
//! lets go of the record's lock, and by that everybody knows that the container has ended.
//! Killing it ends the container as well: that is what a parent-death signal is for.

use std::ffi::OsString;
use std::io::{stdin, stdout};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{dup2_stdin, dup2_stdout, getpid, setsid};
use process::gate::ChildGate;
use process::record::Identity;
use process::signals::{self, BlockedSignals};
use process::{Error, Outcome, Result, State, Step};
use user_ns::rootless::{self, Stay};

use crate::life::{self, now};
use crate::{
    Backoff, Ending, Ends, Life, Spec, Status, Voice, is_wanted_stopped, remove_record, runtime,
};

/// What it is called, and how this program knows that it shall be one.
pub(crate) const NAME: &str = "lab:monitor";

/// Is a monitor, if this program was started as one; `None` otherwise.
pub fn main_if_called() -> Option<ExitCode> {
    let mut words = std::env::args_os();
    if words.next()? != NAME {
        return None;
    }
    let gate = ChildGate::from(stdin().as_fd().try_clone_to_owned().ok()?);
    let ended = Monitor::new(words.next().unwrap_or_default()).and_then(|it| it.watch(&gate));
    Some(match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever has launched us may have gone meanwhile.
            gate.fail(&error);
            ExitCode::from(error.exit_code())
        }
    })
}

struct Monitor {
    id: String,
    /// Ours until we end, also between two starts.
    lock: OwnedFd,
    record: PathBuf,
    spec: Spec,
    life: Life,
    voice: Voice,
    _world: Stay,
}

impl Monitor {
    fn new(id: OsString) -> Result<Self> {
        security::protect_runtime()?;
        let id = id.into_string().map_err(|_| Error::new("the id is none"))?;
        let world = rootless::stay()?;
        let lock = stdout().as_fd().try_clone_to_owned().step(|| "take the record over")?;
        leave_the_caller()?;
        let mut state = State::adopt(&id, lock.try_clone().step(|| "take the record over")?)?;
        let (record, spec) = (state.dir().to_owned(), state.resolved()?.whole::<Spec>()?);
        if spec.policy.rm {
            // From now on all of it goes with us, whatever becomes of us.
            state.keep_no_longer()?;
        }
        let life = Life::read(&record)?.again(Identity::of(getpid().as_raw())?);
        // It is not to be removed with this value: each start has its own.
        state.leave();
        let voice = Voice::new(&life::dir(&record), &spec.policy)?;
        Ok(Self { id, lock, record, spec, life, voice, _world: world })
    }

    /// Starts the container, and again as its policy says.
    fn watch(mut self, gate: &ChildGate) -> Result<()> {
        // Between two lives as well: a signal is for the container, and never ends us.
        let signals = BlockedSignals::block()?;
        let mut backoff = Backoff::new();
        let mut gate = Some(gate);
        loop {
            let begun = Instant::now();
            let lived = self.live(gate.take());
            let (status, ending) = match &lived {
                Ok(outcome) => (outcome.status, Ending::from(outcome)),
                Err(_) => break self.end(lived.map(|_| None)),
            };
            let is_wanted = !is_wanted_stopped(&self.record);
            if !is_wanted || !self.spec.policy.restart.wants(status, self.life.restarts) {
                break self.end(Ok(Some(ending)));
            }
            self.life.status = Status::Restarting;
            self.life.write(&self.record)?;
            self.voice.end(ending);
            pause(&signals, backoff.after(begun.elapsed()))?;
            if is_wanted_stopped(&self.record) {
                self.life.status = Status::Exited;
                self.life.write(&self.record)?;
                break self.end(Ok(None));
            }
            self.life.restarts += 1;
        }
    }

    // ANCHOR: live
    /// One life. Whoever has launched us is told how far it has come.
    fn live(&mut self, gate: Option<&ChildGate>) -> Result<Outcome> {
        let state = State::adopt(&self.id, self.lock.try_clone().step(|| "keep the record")?)?;
        let mut container =
            runtime::create(&self.spec, state, self.voice.begin(&self.spec.policy)?)?;
        self.voice.take_terminal()?;
        self.life.notes = container.notes();
        self.life.write(&self.record)?;
        if let Some(gate) = gate {
            gate.hold()?;
        }
        self.voice.welcome();
        container.start()?;
        self.life.status = Status::Running;
        self.life.started = Some(now());
        self.life.exit_code = None;
        self.life.write(&self.record)?;
        if let Some(gate) = gate {
            let _ = gate.tell_ready(); // It may have gone: the command runs all the same.
        }
        let status = self.voice.watch(&mut container)?;
        let outcome = container.report(status);
        self.life.status = Status::Exited;
        self.life.finished = Some(now());
        self.life.exit_code = Some(status.code());
        self.life.lost_lines = self.voice.lost_lines();
        let used = outcome.entry::<cgroups::Used>().and_then(|used| used.oom_kills);
        self.life.oom_killed = used.is_some_and(|kills| kills > 0);
        self.life.write(&self.record)?;
        Ends::add(&self.record, status.code())?;
        Ok(outcome)
    }
    // ANCHOR_END: live

    /// The last of it: why it is so, and nothing more if it was to be removed. Whoever is attached
    /// is told when all of that is done.
    fn end(mut self, lived: Result<Option<Ending>>) -> Result<()> {
        if let Err(error) = &lived {
            let has_run = self.life.started.is_some();
            self.life.status = if has_run { Status::Exited } else { Status::Created };
            // Where somebody has stopped it meanwhile, the last life is the one that counts.
            if !has_run || !is_wanted_stopped(&self.record) {
                self.life.exit_code = Some(error.exit_code());
                self.life.error = error.to_string();
            }
        }
        let written = self.life.write(&self.record);
        if self.spec.policy.rm {
            let lock = self.lock.try_clone().step(|| "remove the record")?;
            remove_record(State::adopt(&self.id, lock)?)?;
        }
        let ending = lived?;
        written?;
        if let Some(ending) = ending {
            self.voice.end(ending);
        }
        Ok(())
    }
}

/// Waits so long, or until somebody tells us to end.
fn pause(signals: &BlockedSignals, time: Duration) -> Result<()> {
    let arrived = signals.listen()?;
    let deadline = Instant::now() + time;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let ready = poll(&mut [PollFd::new(arrived.as_fd(), PollFlags::POLLIN)], left);
        match (ready, signals.next()?) {
            (Ok(0), _) => return Ok(()),
            (_, Some(signal)) if signal.number == libc::SIGTERM => return Ok(()),
            _ => {}
        }
    }
}

/// Gives up all that was the caller's; what we were given on the way is put aside first.
fn leave_the_caller() -> Result<()> {
    setsid().step(|| "make a session")?;
    signals::heed_keys()?;
    let null = null()?;
    dup2_stdin(&null).and_then(|()| dup2_stdout(&null)).step(|| "let go of what was handed on")
}

fn null() -> Result<OwnedFd> {
    let null = std::fs::File::options().read(true).write(true).open("/dev/null");
    null.map(OwnedFd::from).step(|| "open /dev/null")
}
