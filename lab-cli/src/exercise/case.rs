//! One case of a check: the program runs in a sandbox, and we look.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use process::{Error, Result, Step};

use super::bench::LARGEST;
use super::beneath::read_plain;
use super::checks::{Case, Check, Fact, Observe, Whose};
use super::course::Exercise;
use super::facts::{self, Seen};
use super::observe::FILE;
use super::sandbox::Limits;
use super::trial::Trial;
use super::values::Values;
use super::verdict::CaseVerdict;
use super::{Bench, host, unseen};

/// Where the program is, in its sandbox.
pub const PROGRAM: &str = "/work/program";

/// What such a program may use.
pub const LIMITS: Limits = Limits { memory: 512 << 20, processes: 200, disk: 256 << 20, cpu: 10 };

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
    plan.until = bench.until.get();
    plan.delegate = exercise.needs_cgroups();
    plan.files.push(host::file(PROGRAM, program.to_owned(), 0o755));
    for (path, text) in &case.files {
        plan.files.push(host::file(values.fill(path), values.fill(text).into_bytes(), 0o644));
    }
    for (path, target) in &case.links {
        plan.links.push((values.fill(path).into(), values.fill(target)));
    }
    let mut trial = Trial::start(&plan, case, values)?;
    let facts = in_full(case, check)?;
    trial.go(&facts)?;
    let said = (!trial.failures.is_empty()).then(|| last_words(&trial.sandbox.errors()));
    let said = said.filter(|text| !text.is_empty());
    Ok(CaseVerdict { about: case.about.clone(), failures: trial.failures, said })
}

/// The last lines. What a learner cannot set in a sandbox need not be proposed.
fn last_words(errors: &str) -> String {
    let is_worth_it =
        |line: &&str| !line.trim().is_empty() && !line.contains("run with `RUST_BACKTRACE=1`");
    let lines: Vec<&str> = errors.lines().filter(is_worth_it).collect();
    lines[lines.len().saturating_sub(SAID)..].join("\n")
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
    let mut argv = [PROGRAM, "run"].map(str::to_owned).to_vec();
    argv.extend(host::run_words(words, values));
    let mut plan = host::plan_with_lab(argv, LIMITS, bench);
    plan.delegate = exercise.needs_cgroups();
    let case = Case::of_lab(words);
    let mut trial = Trial::start(&plan, &case, values)?;
    trial.wait_for_lab()?;
    let scene = trial.scene()?;
    Ok(looks.map(|(whose, look)| facts::look(&scene, whose, &values.fill(look))).collect())
}

/// Lets a script find out about such a container, beside which there is another one: the fact,
/// what the script printed, and its errors.
///
/// # Errors
/// If there is no container.
pub fn observe(
    bench: &Bench,
    exercise: &Exercise,
    observe: &Observe,
    values: &Values,
    beside: &Values,
    script: &[u8],
) -> Result<(Seen, String, String)> {
    let runs = [beside, values].map(|values| host::run_words(&observe.run, values));
    let runs = serde_json::to_vec(&runs).map_err(|error| Error::new(error.to_string()))?;
    let argv = [PROGRAM, "exercise", "unseen"].map(str::to_owned).to_vec();
    let mut plan = host::plan_with_lab(argv, LIMITS, bench);
    plan.delegate = exercise.needs_cgroups();
    plan.files.push(host::file(unseen::RUNS, runs, 0o600));
    plan.files.push(host::file(format!("/work/{FILE}"), script.to_owned(), 0o755));
    let case = Case::of_lab(&observe.run);
    let mut trial = Trial::start(&plan, &case, values)?;
    trial.wait_for_lab()?;
    let seen = facts::look(&trial.scene()?, observe.of, &values.fill(&observe.look));
    let pid = trial.container.and_then(|pid| facts::pid_in(&trial.sandbox, pid));
    let pid = pid.ok_or_else(|| Error::new("the container has gone"))?;
    // Open for both, so that it does not matter whether somebody reads already.
    let mut go = File::options()
        .read(true)
        .write(true)
        .open(trial.sandbox.path_of(unseen::GO))
        .step(|| "tell the script which process it is")?;
    writeln!(go, "{pid}").step(|| "tell the script which process it is")?;
    let end = trial.sandbox.wait(Duration::from_secs(case.seconds))?.cloned();
    let mut errors = trial.sandbox.errors();
    if end.is_none() {
        errors.push_str(&format!("{FILE} still runs after {} s, and was ended\n", case.seconds));
    }
    Ok((seen, trial.sandbox.output(), errors))
}

/// The facts of a case, with the snapshots read in.
fn in_full(case: &Case, check: &Check) -> Result<Vec<Fact>> {
    let mut facts = case.facts();
    for fact in &mut facts {
        if let Some(name) = fact.look.strip_prefix("snapshot ") {
            let path = check.dir.join(format!("snapshots/{name}.snap"));
            let text = read_plain(&path, LARGEST)?;
            let text = String::from_utf8_lossy(&text);
            // insta writes two lines of dashes around what it says of itself.
            let body = text.splitn(3, "---\n").nth(2).unwrap_or(&text);
            fact.is = Some(body.to_owned());
        }
    }
    Ok(facts)
}
