//! The commands of `lab exercise`, and what each of them does.

use std::path::PathBuf;
use std::process::ExitCode;

use colored::Colorize;
use process::{Error, search_path};

use super::checker::unseen;
use super::course::Course;
use super::learner::copy::{Change, Copy};
use super::learner::session::Session;
use super::learner::{attempt, container, help, watch};
use super::{selftest, values};
use crate::output::{self, println};

/// Learn by doing: tasks that are checked on the kernel
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Make a copy of the exercises, to work in
    Init {
        /// A directory that is new or empty
        dir: PathBuf,
        /// Draw the parameters of predictions from this number
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=values::LARGEST_SEED))]
        seed: Option<u64>,
    },
    /// Bring what is new in the course, and keep what is yours
    Update,
    /// List the exercises, and how far you are
    List,
    /// Go to the first exercise that is not solved; one to observe starts its container
    Next,
    /// Go to an exercise; one to observe starts its container
    Start(Which),
    /// Build and check an exercise
    Check {
        #[command(flatten)]
        which: Which,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check at each save
    Watch(Which),
    /// Show one more hint
    Hint(Which),
    /// Show what the solution changes
    Solution {
        #[command(flatten)]
        which: Which,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// Put the starter back, and keep what was there beside it
    Reset {
        #[command(flatten)]
        which: Which,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// Tell what was behind a solved exercise
    Explain(Which),
    /// Check the course itself: starters fail, solutions pass, wrong answers do not
    Selftest(selftest::Args),
    /// Be the runtime of an observation, in its sandbox
    #[command(hide = true)]
    Unseen,
}

/// An exercise.
#[derive(clap::Args)]
struct Which {
    /// The exercise [default: the one you are in, or the current one]
    name: Option<String>,
}

/// Runs one of the commands.
///
/// # Errors
/// If something of ours fails; an answer that does not pass is no error.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Init { dir, seed } => init(dir, *seed)?,
        Command::Update => update()?,
        Command::Selftest(args) => return selftest::run(args),
        Command::Unseen => match unseen::become_script()? {},
        Command::Check { which, json } => {
            return Ok(check(which, *json).unwrap_or_else(|error| {
                output::print_error(&error);
                ExitCode::from(Error::RUNTIME_FAILED)
            }));
        }
        command => return with_session(&mut Session::find()?, command),
    }
    Ok(ExitCode::SUCCESS)
}

fn with_session(session: &mut Session, command: &Command) -> anyhow::Result<ExitCode> {
    let mut take = |which: &Which| session.take(which.name.as_deref());
    match command {
        Command::Next => match session.first_unsolved()? {
            Some(next) => {
                let exercise = session.take(Some(&next.name))?;
                session.show(&exercise)?;
                container::start(&session.copy, &exercise)?;
            }
            None => println!("All exercises are solved."),
        },
        Command::Start(which) => {
            let exercise = take(which)?;
            session.show(&exercise)?;
            container::start(&session.copy, &exercise)?;
        }
        Command::Watch(which) => {
            let exercise = take(which)?;
            return watch::run(session, exercise);
        }
        Command::Hint(which) => {
            let exercise = take(which)?;
            help::hint(session, &exercise)?;
        }
        Command::Solution { which, yes } => {
            let exercise = take(which)?;
            help::solution(session, &exercise, *yes)?;
        }
        Command::Reset { which, yes } => {
            let exercise = take(which)?;
            help::reset(session, &exercise, *yes)?;
        }
        Command::Explain(which) => {
            let exercise = take(which)?;
            help::explain(session, &exercise)?;
        }
        _ => session.list()?,
    }
    Ok(ExitCode::SUCCESS)
}

fn init(dir: &std::path::Path, seed: Option<u64>) -> anyhow::Result<()> {
    let seed = seed.map_or_else(values::random_seed, Ok)?;
    let copy = Copy::init(dir, &Course::find()?, seed)?;
    println!("The exercises are in {}.", copy.dir().display());
    if let Some(dir) = not_in_path() {
        println!("{}  export PATH=\"{}:$PATH\"", "first".cyan().bold(), dir.display());
    }
    println!("{}   cd {} && lab exercise next", "then".cyan().bold(), copy.dir().display());
    Ok(())
}

/// The directory of this program, if the shell would not find it as `lab`.
fn not_in_path() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let is_found =
        search_path::find("lab").and_then(|file| file.canonicalize().ok()) == Some(program.clone());
    (!is_found).then(|| program.parent().map(PathBuf::from))?
}

fn update() -> anyhow::Result<()> {
    let changes = Copy::find()?.update(&Course::find()?)?;
    for change in &changes {
        match change {
            Change::New(name) => println!("new       {name}"),
            Change::Replaced(name) => println!("replaced  {name}"),
            Change::Beside(name) => {
                println!("kept      {}; the new one is {name}", name.trim_end_matches(".new"));
            }
        }
    }
    if changes.is_empty() {
        println!("nothing is new");
    }
    Ok(())
}

fn check(which: &Which, json: bool) -> anyhow::Result<ExitCode> {
    let session = &mut Session::find()?;
    let exercise = session.take(which.name.as_deref())?;
    let tools = attempt::tools(session)?;
    let verdict = attempt::check(session, &tools, &exercise)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&verdict)?)
    } else {
        attempt::show(session, &exercise, &verdict)?
    }
    Ok(if verdict.has_passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
