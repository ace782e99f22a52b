//! The container that a learner looks at by hand.
//!
//! It is made by this `lab`, as anybody's is, and runs in the background until the
//! exercise is solved or reset, or for half an hour.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::record::{Running, running};
use process::{Error, Result, Step, own_program};

use super::copy::Copy;
use crate::exercise::checker::visitors;
use crate::exercise::course::answer::LARGEST;
use crate::exercise::course::check::Check;
use crate::exercise::course::{Exercise, Kind};
use crate::exercise::facts::tree;
use crate::exercise::values::{Generator, Values, random_seed};
use crate::output::println;

/// What its runtime says, in the copy.
const LOG: &str = ".lab/container.log";

/// How long it runs at most, in seconds.
const LIFETIME: &str = "1800";

/// By this word its runtime is known.
const NAME: &str = "--name";

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// Starts the container of an exercise of that kind, and says which process it is.
///
/// # Errors
/// If it does not come up.
pub fn start(copy: &Copy, exercise: &Exercise) -> Result<()> {
    let check = Check::read(exercise, None)?;
    let Some(observe) = check.observe else { return Ok(()) };
    stop(exercise)?;
    let mut values =
        Values::draw(&check.values, &mut Generator::new(random_seed()?, &exercise.name))?;
    values.set("forever", LIFETIME);
    let mut words = observe.run.iter().map(|word| values.fill(word));
    let errors = copy.files().create(Path::new(LOG))?;
    let mut runtime = Command::new(own_program())
        .args(["run", "--view", "none"])
        .args(words.next())
        .args([NAME, &name(exercise)])
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors)
        // Ctrl-C is for whoever is in the foreground.
        .process_group(0)
        .spawn()
        .step(|| "start the container")?;
    let deadline = Instant::now() + PATIENCE;
    let top = Pid::from_raw(runtime.id().cast_signed());
    let is_it = |words: &[String]| {
        let has = |wanted| words.iter().any(|word| word == wanted);
        has(LIFETIME) && !has(NAME)
    };
    loop {
        // As in a check: before its last command runs, there is nothing to be seen yet.
        if let Some(pid) = tree::oldest(top, is_it)
            && find(exercise)?.is_some()
        {
            for words in &observe.enter {
                visitors::send(pid, &values.fill_each(words))?;
            }
            println!("\nThe container runs: {pid} is its process on the host.");
            return Ok(());
        }
        let has_ended = runtime.try_wait().step(|| "start the container")?.is_some();
        if has_ended || Instant::now() > deadline {
            let _ = runtime.kill();
            let said = copy.files().read(Path::new(LOG), LARGEST)?.unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            return Err(Error::new(format!("start the container: {}", said.trim())));
        }
        sleep(Duration::from_millis(5));
    }
}

/// Ends it, if it runs.
///
/// # Errors
/// If the records of containers cannot be read.
pub fn stop(exercise: &Exercise) -> Result<()> {
    if exercise.about.kind != Kind::Observe {
        return Ok(());
    }
    if let Some(container) = find(exercise)? {
        let _ = kill(container.pid, Signal::SIGKILL);
    }
    // Its runtime waits for it, and tidies up. Until then the name is in use.
    let deadline = Instant::now() + PATIENCE;
    while find(exercise)?.is_some() && Instant::now() < deadline {
        sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn find(exercise: &Exercise) -> Result<Option<Running>> {
    let name = name(exercise);
    Ok(running()?.into_iter().find(|container| container.name.as_ref() == Some(&name)))
}

fn name(exercise: &Exercise) -> String {
    format!("observe-{}", exercise.name)
}
