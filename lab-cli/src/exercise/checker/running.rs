//! A case under way: the program runs in its sandbox, and facts are looked at, each at its
//! time.
//!
//! ```text
//!   start ── {forever} is seen ── facts, in their order ── the container is killed
//!                                                                  │
//!                       facts with `after` ──── the program has ended
//! ```

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::{Error, Result};

use crate::exercise::course::check::Case;
use crate::exercise::course::verdict::Failure;
use crate::exercise::facts::fact::{Fact, holds};
use crate::exercise::facts::scene::{Found, Scene, Seen, Whose};
use crate::exercise::facts::{self, tree};
use crate::exercise::sandbox::plan::{Limits, PROGRAM, Plan};
use crate::exercise::sandbox::{End, Sandbox};
use crate::exercise::values::Values;
use crate::view::proc::Proc;

/// What a learner's program may use.
pub const LIMITS: Limits = Limits { memory: 512 << 20, processes: 200, disk: 256 << 20, cpu: 10 };

/// Between two looks for something that is about to happen.
const PAUSE: Duration = Duration::from_millis(2);

/// How long a program may take to end when its container has.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// A case under way.
pub struct Running<'a> {
    /// Where it happens.
    pub sandbox: Sandbox,
    /// The process that was found by `{forever}`.
    pub container: Option<Pid>,
    /// What does not hold, so far.
    pub failures: Vec<Failure>,
    case: &'a Case,
    values: &'a Values,
    runtime: Option<Pid>,
}

impl<'a> Running<'a> {
    /// Starts the program.
    ///
    /// # Errors
    /// If the sandbox cannot be made.
    pub fn start(plan: &Plan, case: &'a Case, values: &'a Values) -> Result<Self> {
        let sandbox = Sandbox::start(plan)?;
        let failures = Vec::new();
        Ok(Self { sandbox, case, values, container: None, runtime: None, failures })
    }

    /// Waits for a container of our own. If it does not come up, that is no fault of the
    /// learner's.
    ///
    /// # Errors
    /// If it does not come up.
    pub fn wait_for_lab(&mut self) -> Result<()> {
        if self.wait_for_container()? {
            return Ok(());
        }
        let why = self.sandbox.errors();
        Err(Error::new(format!("lab run {}: {}", self.case.run.join(" "), why.trim())))
    }

    /// Waits until our program has become another one, which it does when all is there. A check
    /// that it does not come to fails by itself.
    ///
    /// The program is the oldest process; a container's init, which it forks, keeps its words.
    pub fn wait_until_unseen(&self) {
        let deadline = Instant::now() + Duration::from_secs(self.case.seconds);
        let top = self.sandbox.pid();
        let program = || tree::oldest(top, |_| true).and_then(|pid| Proc::open(pid).ok());
        let is_seen = |it: Proc| tree::words(&it).iter().any(|word| word == PROGRAM);
        while program().is_some_and(is_seen) && Instant::now() < deadline {
            sleep(PAUSE);
        }
    }

    /// What there is to look at now.
    ///
    /// # Errors
    /// If it cannot be known whether the program runs.
    pub fn scene(&mut self) -> Result<Scene<'_>> {
        let end = self.sandbox.wait(Duration::ZERO)?.cloned();
        let (container, runtime) = (self.container, self.runtime);
        Ok(Scene { sandbox: &self.sandbox, container, runtime, end, values: self.values })
    }

    /// Establishes all the facts.
    ///
    /// # Errors
    /// If a look or an act cannot be done.
    pub fn go(&mut self, facts: &[Fact]) -> Result<()> {
        if self.case.is_endless() && !self.wait_for_container()? {
            return Ok(());
        }
        let (after, now): (Vec<&Fact>, Vec<&Fact>) = facts.iter().partition(|fact| fact.after);
        now.iter().try_for_each(|fact| self.establish(fact))?;
        if after.is_empty() {
            return Ok(());
        }
        // Its end is the program's, if the program waits for it.
        let mut patience = Duration::from_secs(self.case.seconds);
        if let Some(container) = self.container {
            patience = LAST_BREATH;
            self.kill(container, Signal::SIGKILL);
        }
        if self.sandbox.wait(patience)?.is_none() {
            let found = self.too_late();
            self.fail("the program", "it comes to an end", found, self.case.hint);
            return Ok(());
        }
        after.iter().try_for_each(|fact| self.establish(fact))
    }

    /// Waits until the command runs in the container, which is when there is something
    /// to look at.
    fn wait_for_container(&mut self) -> Result<bool> {
        let token = self.values.get("forever").unwrap_or_default().to_owned();
        let deadline = Instant::now() + Duration::from_secs(self.case.seconds);
        loop {
            // Asked before looking: a program may end, and its command go on.
            let end = self.sandbox.wait(PAUSE)?.cloned();
            let is_program = |words: &[String]| words.iter().any(|word| word == PROGRAM);
            let is_container = |words: &[String]| words.contains(&token) && !is_program(words);
            self.runtime = tree::oldest(self.sandbox.pid(), is_program);
            self.container = tree::oldest(self.sandbox.pid(), is_container);
            if self.container.is_some() {
                return Ok(true);
            }
            let expected = "the command runs in the container";
            if let Some(end) = end {
                let found = match end {
                    End::Exited(code) => format!("the program has ended with exit code {code}"),
                    _ => "the program was killed: it used too much memory".to_owned(),
                };
                self.fail("the processes in the sandbox", expected, found, self.case.hint);
                return Ok(false);
            }
            if Instant::now() > deadline {
                let found = self.too_late();
                self.fail("the processes in the sandbox", expected, found, self.case.hint);
                return Ok(false);
            }
        }
    }

    /// Acts, looks, and looks again until it is so or the time is over.
    fn establish(&mut self, fact: &Fact) -> Result<()> {
        if let Some(act) = &fact.act {
            self.act(&self.values.fill(act))?;
        }
        let deadline = Instant::now() + Duration::from_millis(fact.within);
        let look = self.values.fill(&fact.look);
        loop {
            let seen = facts::look(&self.scene()?, fact.of, &look);
            if holds(fact, self.values, &seen.found) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                self.report(fact, &look, seen);
                return Ok(());
            }
            sleep(PAUSE);
        }
    }

    fn report(&mut self, fact: &Fact, look: &str, seen: Seen) {
        let (verb, with) = fact.comparison().unwrap_or_default();
        // A snapshot stays as it is: braces stand for values on both sides.
        let is_snapshot = look.starts_with("snapshot ");
        let with = if is_snapshot { with.to_owned() } else { self.values.fill(with) };
        let verb = if verb == "is" { String::new() } else { format!("{verb} ") };
        let said = fact.expected.as_ref().map(|text| self.values.fill(text));
        let expected = said.unwrap_or_else(|| {
            if is_snapshot { with.clone() } else { format!("{look}: {verb}{with}") }
        });
        let found = match (is_snapshot, &seen.found) {
            (false, Found::Text(_) | Found::List(_)) => format!("{look}: {}", seen.found),
            _ => seen.found.to_string(),
        };
        let whose = match fact.of {
            Whose::Host => seen.at,
            whose => format!("the {}: {}", whose.name(), seen.at),
        };
        self.fail(whose, expected, found, fact.hint);
    }

    /// `kill WHO SIGNAL`, or `wait` for the program's end.
    fn act(&mut self, act: &str) -> Result<()> {
        let words: Vec<&str> = act.split_whitespace().collect();
        match words[..] {
            ["wait"] => self.sandbox.wait(LAST_BREATH).map(drop),
            ["kill", who, signal] => {
                let pid = match who {
                    "runtime" => self.runtime,
                    "container" => self.container,
                    "init" => self.container.and_then(|it| tree::init_of(&self.sandbox, it)),
                    _ => return Err(Error::new(format!("check.toml: nobody is called {who:?}"))),
                };
                let signal = format!("SIG{signal}").parse();
                let signal =
                    signal.map_err(|_| Error::new(format!("check.toml: {act}: no signal")))?;
                pid.into_iter().for_each(|pid| self.kill(pid, signal));
                Ok(())
            }
            _ => Err(Error::new(format!("check.toml: nothing is done by {act:?}"))),
        }
    }

    /// Only what is in the sandbox: a number may be somebody else's by now.
    fn kill(&self, pid: Pid, signal: Signal) {
        if tree::of(&self.sandbox).iter().any(|process| process.pid == pid) {
            let _ = kill(pid, signal);
        }
    }

    fn too_late(&self) -> String {
        let seconds = self.case.seconds;
        let count = tree::of(&self.sandbox).len();
        if count + 5 >= LIMITS.processes as usize {
            format!("{count} processes: the program makes more and more of them")
        } else {
            format!("nothing of the kind after {seconds} s, and the program still runs")
        }
    }

    fn fail(
        &mut self,
        looked_at: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        hint: Option<usize>,
    ) {
        let (looked_at, expected, found) = (looked_at.into(), expected.into(), found.into());
        self.failures.push(Failure { looked_at, expected, found, hint });
    }
}
