//! One case of a check: the program runs in a sandbox, and we look.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::{Error, Result, Step};

use super::checks::{Case, Check, Fact, Observe, Whose};
use super::course::Exercise;
use super::facts::{self, Found, Scene, Seen, is_zombie, processes_of, words};
use super::observe::FILE;
use super::sandbox::{End, Limits, Plan, Sandbox};
use super::values::Values;
use super::verdict::{CaseVerdict, Failure};
use super::{Bench, host};

/// Where the program is, in its sandbox.
pub const PROGRAM: &str = "/work/program";

const LIMITS: Limits = Limits { memory: 512 << 20, processes: 200, disk: 256 << 20, cpu: 10 };

/// Between two looks for something that is about to happen.
const PAUSE: Duration = Duration::from_millis(2);

/// How long a program may take to end when its container has.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// The most lines shown of what a program has printed as errors.
const SAID: usize = 6;

/// Runs one case and says what does not hold.
///
/// # Errors
/// If the sandbox cannot be made.
pub fn run(
    bench: &Bench,
    exercise: &Exercise,
    check: &Check,
    case: &Case,
    values: &Values,
    program: &[u8],
) -> Result<CaseVerdict> {
    let mut argv = vec![PROGRAM.to_owned()];
    argv.extend(case.run.iter().map(|word| values.fill(word)));
    let mut plan = host::plan(argv, LIMITS);
    plan.image = Some(bench.image.clone());
    plan.delegate = exercise.needs_cgroups();
    plan.files.push(host::file(PROGRAM, program.to_owned(), 0o755));
    for (path, text) in &case.files {
        plan.files.push(host::file(values.fill(path), values.fill(text).into_bytes(), 0o644));
    }
    let mut run = Run::start(&plan, case, values)?;
    let facts = in_full(case, check)?;
    run.go(&facts)?;
    let said = run.sandbox.errors();
    let lines: Vec<&str> = said.lines().collect();
    let last = lines[lines.len().saturating_sub(SAID)..].join("\n");
    let is_worth_it = !run.failures.is_empty() && !last.trim().is_empty();
    let said = is_worth_it.then_some(last);
    Ok(CaseVerdict { about: case.about.clone(), failures: run.failures, said })
}

/// Looks at a container that `lab run` makes of these words.
///
/// # Errors
/// If it cannot be made.
pub fn look_at<'a>(
    bench: &Bench,
    exercise: &Exercise,
    words: &[String],
    values: &Values,
    looks: impl Iterator<Item = (Whose, &'a str)>,
) -> Result<Vec<Seen>> {
    let mut plan = host::plan_with_lab(host::lab_run(words, values), LIMITS, bench);
    plan.delegate = exercise.needs_cgroups();
    let case = Case::of_lab(words);
    let mut run = Run::start(&plan, &case, values)?;
    run.wait_for_lab()?;
    let scene = run.scene()?;
    Ok(looks.map(|(whose, look)| facts::look(&scene, whose, &values.fill(look))).collect())
}

/// Lets a script find out about such a container: the fact, what the script printed, and
/// its errors.
///
/// # Errors
/// If there is no container.
pub fn observe(
    bench: &Bench,
    exercise: &Exercise,
    observe: &Observe,
    values: &Values,
    script: &[u8],
) -> Result<(Seen, String, String)> {
    let go = "/work/go";
    let run = host::quoted(&host::lab_run(&observe.run, values));
    // The learner's script has the number as the sandbox has it, which plays the host.
    let outer = format!(
        "rm /work/outer.sh\nmkfifo {go}\n{run} </dev/null >/dev/null 2>/work/container.log &\n\
         read pid <{go}\nexec sh /work/{FILE} \"$pid\"\n"
    );
    let argv = vec!["/bin/sh".to_owned(), "/work/outer.sh".to_owned()];
    let mut plan = host::plan_with_lab(argv, LIMITS, bench);
    plan.delegate = exercise.needs_cgroups();
    plan.files.push(host::file("/work/outer.sh", outer.into_bytes(), 0o755));
    plan.files.push(host::file(format!("/work/{FILE}"), script.to_owned(), 0o755));
    let case = Case::of_lab(&observe.run);
    let mut run = Run::start(&plan, &case, values)?;
    run.wait_for_lab()?;
    let seen = facts::look(&run.scene()?, observe.of, &values.fill(&observe.look));
    let pid = run.container.and_then(|pid| facts::pid_in(&run.sandbox, pid));
    let pid = pid.ok_or_else(|| Error::new("the container has gone"))?;
    let mut fifo = File::options()
        .write(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(run.sandbox.path_of(go))
        .step(|| "tell the script which process it is")?;
    writeln!(fifo, "{pid}").step(|| "tell the script which process it is")?;
    drop(fifo);
    run.sandbox.wait(Duration::from_secs(case.seconds))?;
    Ok((seen, run.sandbox.output(), run.sandbox.errors()))
}

/// The facts of a case, with the snapshots read in.
fn in_full(case: &Case, check: &Check) -> Result<Vec<Fact>> {
    let mut facts = case.facts();
    for fact in &mut facts {
        if let Some(name) = fact.look.strip_prefix("snapshot ") {
            let path = check.dir.join(format!("snapshots/{name}.snap"));
            let text = fs::read_to_string(&path).step(|| format!("read {}", path.display()))?;
            // insta writes two lines of dashes around what it says of itself.
            let body = text.splitn(3, "---\n").nth(2).unwrap_or(&text);
            fact.is = Some(body.to_owned());
        }
    }
    Ok(facts)
}

/// A case under way.
struct Run<'a> {
    sandbox: Sandbox,
    case: &'a Case,
    values: &'a Values,
    container: Option<Pid>,
    runtime: Option<Pid>,
    failures: Vec<Failure>,
}

impl<'a> Run<'a> {
    fn start(plan: &Plan, case: &'a Case, values: &'a Values) -> Result<Self> {
        let sandbox = Sandbox::start(plan)?;
        let failures = Vec::new();
        Ok(Self { sandbox, case, values, container: None, runtime: None, failures })
    }

    /// A container of our own that does not come up is no fault of the learner's.
    fn wait_for_lab(&mut self) -> Result<()> {
        if self.wait_for_container()? {
            return Ok(());
        }
        let log = fs::read_to_string(self.sandbox.path_of("/work/container.log"));
        let why = format!("{}{}", self.sandbox.errors(), log.unwrap_or_default());
        Err(Error::new(format!("lab run {}: {}", self.case.run.join(" "), why.trim())))
    }

    fn scene(&mut self) -> Result<Scene<'_>> {
        let end = self.sandbox.wait(Duration::ZERO)?.cloned();
        let (container, runtime) = (self.container, self.runtime);
        Ok(Scene { sandbox: &self.sandbox, container, runtime, end, values: self.values })
    }

    fn go(&mut self, facts: &[Fact]) -> Result<()> {
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
            let all = processes_of(&self.sandbox);
            let is_program = |words: &[String]| words.iter().any(|word| word == PROGRAM);
            self.runtime = all.iter().find(|it| is_program(&words(it))).map(|it| it.pid);
            self.container = all
                .iter()
                .find(|process| {
                    let words = words(process);
                    words.contains(&token) && !is_program(&words) && !is_zombie(process)
                })
                .map(|process| process.pid);
            if self.container.is_some() {
                return Ok(true);
            }
            let expected = "the command runs in the container";
            if let Some(end) = self.sandbox.wait(PAUSE)?.cloned() {
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
            if facts::holds(fact, self.values, &seen.found) {
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
        let expected = said.unwrap_or_else(|| match is_snapshot {
            true => with.clone(),
            false => format!("{look}: {verb}{with}"),
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
                    "init" => self.container.and_then(|it| facts::init_of(&self.sandbox, it)),
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
        if processes_of(&self.sandbox).iter().any(|process| process.pid == pid) {
            let _ = kill(pid, signal);
        }
    }

    fn too_late(&self) -> String {
        let seconds = self.case.seconds;
        let count = processes_of(&self.sandbox).len() as u64;
        match count + 5 >= LIMITS.processes {
            true => format!("{count} processes: the program makes more and more of them"),
            false => format!("nothing of the kind after {seconds} s, and the program still runs"),
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
