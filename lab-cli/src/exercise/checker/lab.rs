//! The runtime of the course itself as the program in a sandbox: where the truth is looked up.

use std::fs::File;
use std::io::Write;
use std::time::Duration;

use process::{Error, Result, Step};

use super::running::{LIMITS, Running};
use super::tools::Tools;
use super::unseen::{self, SCRIPT, Unseen};
use crate::chapters::{Chapter, DefaultRoot};
use crate::exercise::course::Exercise;
use crate::exercise::course::check::{Case, Observe, Question};
use crate::exercise::facts::scene::{Seen, Whose};
use crate::exercise::facts::{self, tree};
use crate::exercise::sandbox::plan::{IMAGE, Limits, PROGRAM, Plan};
use crate::exercise::sandbox::shown;
use crate::exercise::values::Values;

/// Looks at the container of a question.
///
/// # Errors
/// If it cannot be made.
pub fn look_at<'a>(
    tools: &Tools,
    exercise: &Exercise,
    question: &Question,
    values: &Values,
    looks: impl Iterator<Item = (Whose, &'a str)>,
) -> Result<Vec<Seen>> {
    let Question { run, beside, enter, .. } = question;
    let is_alone = beside.is_empty() && enter.is_empty();
    let mut plan = if is_alone {
        let mut argv = [PROGRAM, "run"].map(str::to_owned).to_vec();
        argv.extend(run_words(run, values));
        plan_with_lab(argv, LIMITS, tools)
    } else {
        let before = Some(beside).filter(|words| !words.is_empty());
        let before = before.map(|words| Unseen::new(words, &[], values));
        let runs: Vec<_> = before.into_iter().chain([Unseen::new(run, enter, values)]).collect();
        unseen_plan(&runs, b"", tools)?
    };
    plan.delegate = exercise.needs_cgroups();
    let case = Case::of_lab(run);
    let mut running = Running::start(&plan, &case, values)?;
    running.wait_for_lab()?;
    if !is_alone {
        running.wait_until_unseen();
    }
    let scene = running.scene()?;
    Ok(looks.map(|(whose, look)| facts::look(&scene, whose, &values.fill(look))).collect())
}

/// Lets a script find out about such a container, beside which there is another one: the fact,
/// what the script printed, and its errors.
///
/// # Errors
/// If there is no container.
pub fn observe(
    tools: &Tools,
    exercise: &Exercise,
    observe: &Observe,
    values: &Values,
    beside: &Values,
    script: &[u8],
) -> Result<(Seen, String, String)> {
    let runs = [beside, values].map(|values| Unseen::new(&observe.run, &observe.enter, values));
    let mut plan = unseen_plan(&runs, script, tools)?;
    plan.delegate = exercise.needs_cgroups();
    let case = Case::of_lab(&observe.run);
    let mut running = Running::start(&plan, &case, values)?;
    running.wait_for_lab()?;
    running.wait_until_unseen();
    let seen = facts::look(&running.scene()?, observe.of, &values.fill(&observe.look));
    let pid = running.container.and_then(|pid| tree::pid_in(&running.sandbox, pid));
    let pid = pid.ok_or_else(|| Error::new("the container has gone"))?;
    // Open for both, so that it does not matter whether somebody reads already.
    let mut go = File::options()
        .read(true)
        .write(true)
        .open(running.sandbox.path_of(unseen::GO))
        .step(|| "tell the script which process it is")?;
    writeln!(go, "{pid}").step(|| "tell the script which process it is")?;
    let end = running.sandbox.wait(Duration::from_secs(case.seconds))?.cloned();
    let mut errors = running.sandbox.errors();
    if end.is_none() {
        errors.push_str(&format!("{SCRIPT} still runs after {} s, and was ended\n", case.seconds));
    }
    Ok((seen, running.sandbox.output(), errors))
}

/// A sandbox in which containers are made, and whoever made them becomes a shell with a script.
fn unseen_plan(runs: &[Unseen], script: &[u8], tools: &Tools) -> Result<Plan> {
    let runs = serde_json::to_vec(runs).map_err(|error| Error::new(error.to_string()))?;
    let argv = [PROGRAM, "exercise", "unseen"].map(str::to_owned).to_vec();
    let mut plan = plan_with_lab(argv, LIMITS, tools);
    plan.files.push(shown::file(unseen::RUNS, runs, 0o600));
    plan.files.push(shown::file(format!("/work/{SCRIPT}"), script.to_owned(), 0o755));
    Ok(plan)
}

/// A sandbox in which this `lab` itself is the program, with a root for its containers.
pub fn plan_with_lab(argv: Vec<String>, limits: Limits, tools: &Tools) -> Plan {
    let mut plan = shown::plan(argv, limits);
    plan.shown.push((tools.lab.clone(), PROGRAM.into()));
    plan.until = tools.until.get();
    plan.is_lab = true;
    plan.image = Some(tools.image.clone());
    plan
}

/// What `lab run` is given: these words, with their values filled in. From chapter 1 on it
/// is told where the root is.
pub fn run_words(words: &[String], values: &Values) -> Vec<String> {
    let mut argv: Vec<String> = ["--view", "none"].map(str::to_owned).into();
    argv.extend(words.iter().map(|word| values.fill(word)));
    let chapter = words.first().and_then(|word| Chapter::named(word));
    if chapter.is_none_or(|chapter| chapter.root != DefaultRoot::Host) {
        let root = ["--rootfs", IMAGE].map(str::to_owned);
        let behind_chapter = argv.len() - words.len().saturating_sub(1);
        argv.splice(behind_chapter..behind_chapter, root);
    }
    argv
}
