//! One case of a check: the program runs in a sandbox, and we look.

use process::Result;

use super::running::{LIMITS, Running};
use super::tools::Tools;
use crate::beneath::read_plain;
use crate::exercise::course::Exercise;
use crate::exercise::course::answer::LARGEST;
use crate::exercise::course::check::{Case, Check};
use crate::exercise::course::verdict::CaseVerdict;
use crate::exercise::facts::fact::Fact;
use crate::exercise::sandbox::plan::PROGRAM;
use crate::exercise::sandbox::shown;
use crate::exercise::values::Values;

/// The most lines shown of what a program has printed as errors.
const SAID: usize = 6;

/// Runs one case and says what does not hold.
///
/// # Errors
/// If the sandbox cannot be made.
pub fn run(
    tools: &Tools,
    exercise: &Exercise,
    check: &Check,
    case: &Case,
    values: &Values,
    program: &[u8],
) -> Result<CaseVerdict> {
    let mut argv = vec![PROGRAM.to_owned()];
    argv.extend(case.run.iter().map(|word| values.fill(word)));
    let mut plan = shown::plan(argv, LIMITS);
    plan.image = Some(tools.image.clone());
    plan.until = tools.until.get();
    plan.delegate = exercise.needs_cgroups();
    plan.files.push(shown::file(PROGRAM, program.to_owned(), 0o755));
    for (path, text) in &case.files {
        plan.files.push(shown::file(values.fill(path), values.fill(text).into_bytes(), 0o644));
    }
    for (path, target) in &case.links {
        plan.links.push((values.fill(path).into(), values.fill(target)));
    }
    let mut running = Running::start(&plan, case, values)?;
    let facts = in_full(case, check)?;
    running.go(&facts)?;
    let said = (!running.failures.is_empty()).then(|| last_words(&running.sandbox.errors()));
    let said = said.filter(|text| !text.is_empty());
    Ok(CaseVerdict { about: case.about.clone(), failures: running.failures, said })
}

/// The last lines. A learner cannot set these in a sandbox, so they need not be proposed.
fn last_words(errors: &str) -> String {
    let is_worth_it =
        |line: &&str| !line.trim().is_empty() && !line.contains("run with `RUST_BACKTRACE=1`");
    let lines: Vec<&str> = errors.lines().filter(is_worth_it).collect();
    lines[lines.len().saturating_sub(SAID)..].join("\n")
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
