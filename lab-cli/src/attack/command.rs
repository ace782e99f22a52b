//! The command itself: which attacks on which chapters, and the attacker's own start.

use std::io::stdout;
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use process::Error;
use user_ns::rootless::World;

use super::attacks::ATTACKS;
use super::cell::Cell;
use super::target::Attack;
use super::{grid, trial};
use crate::chapters::{CHAPTERS, Chapter, parser};
use crate::output::{self, print, println};
use crate::{clean, columns, run};

/// The page for which the text is laid out, in columns.
const PAGE: usize = 80;

/// Try to break out of each chapter's container: the isolation scorecard
///
/// Every cell is really tried, in a sandbox that plays the host and is gone afterwards.
#[derive(clap::Args)]
pub struct Args {
    /// The chapters [default: all of them]
    #[arg(value_name = "CHAPTER", value_parser = parser(), hide_possible_values = true)]
    chapters: Vec<&'static Chapter>,

    /// Try one attack only, and tell in words how it went
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(
        ATTACKS.iter().map(|attack| attack.name)
    ))]
    attack: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// In the container: the attack to try, and what it has to know
    #[arg(long, hide = true, num_args = 1.., allow_hyphen_values = true,
        conflicts_with_all = ["chapters", "attack", "json"])]
    inside: Vec<String>,
}

/// Tries the attacks and prints what came of them.
///
/// # Errors
/// If the sandbox cannot be made. An attack that works is none; where a chapter should
/// have stopped it, the exit code is 1.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let [name, words @ ..] = args.inside.as_slice() {
        return inside(name, words);
    }
    if !process::is_privileged() {
        if !args.json {
            let why = run::lack();
            output::note(&format!(
                "{why}: the sandbox is in a user namespace, chapter 8 explains it"
            ));
        }
        user_ns::rootless::enter(World::Isolated, output::note)?;
    }
    // What an earlier one left that was killed.
    clean::sweep_before_run();
    let wanted = |attack: &&Attack| args.attack.as_ref().is_none_or(|name| attack.name == name);
    let attacks: Vec<&Attack> = ATTACKS.iter().filter(wanted).collect();
    let mut chapters: Vec<&Chapter> = match args.chapters.as_slice() {
        [] => CHAPTERS.iter().collect(),
        some => some.to_vec(),
    };
    chapters.sort_by_key(|chapter| chapter.number);
    chapters.dedup_by_key(|chapter| chapter.number);

    let cells = trial::try_all(&attacks, &chapters)?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&cells)?);
    } else {
        let width = columns::width(&stdout()).min(PAGE);
        match attacks.as_slice() {
            [attack] if args.attack.is_some() => print!("{}", grid::explain(attack, &cells, width)),
            _ => print!("{}", grid::table(&attacks, &chapters, &cells)),
        }
    }
    Ok(judge(&attacks, &chapters, &cells))
}

/// A chapter that does not stop what it claims to is a fault, on this host or of ours.
fn judge(attacks: &[&Attack], chapters: &[&Chapter], cells: &[Cell]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for attack in attacks {
        for chapter in chapters.iter().filter(|chapter| chapter.number >= attack.stopped_by) {
            let name = chapter.short_name();
            let is_it = |cell: &&Cell| cell.attack == attack.name && cell.chapter == name;
            if cells.iter().find(is_it).is_some_and(|cell| cell.result == "works") {
                output::warn(&format!("{name} should stop {}, and does not", attack.name), None);
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// The attacker: one line of JSON is all it says.
fn inside(name: &str, words: &[String]) -> anyhow::Result<ExitCode> {
    let attack = ATTACKS.iter().find(|attack| attack.name == name);
    let attack = attack.ok_or_else(|| Error::new(format!("there is no attack {name}")))?;
    let said = (attack.inside)(words).map_err(|error| error.to_string());
    println!("{}", serde_json::to_string(&said)?);
    Ok(ExitCode::SUCCESS)
}
