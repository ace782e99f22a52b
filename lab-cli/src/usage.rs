//! A command line that is not run: the help that was asked for, or what is wrong.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Command, CommandFactory};
use process::Error;

use crate::chapters::{CHAPTERS, Chapter};
use crate::cli::Cli;
use crate::output::{self, print};
use crate::run::RunArgs;
use crate::shell;

/// Options of other runtimes that say what is always so here.
const NOT_NEEDED: [(&str, &str); 5] = [
    ("-i", "the container has this terminal as it is"),
    ("-t", "the container has this terminal as it is"),
    ("--interactive", "the container has this terminal as it is"),
    ("--tty", "the container has this terminal as it is"),
    ("--rm", "a container goes with its command"),
];

/// The exit code of a command that was not called as it has to be.
const MISUSED: u8 = 2;

/// Prints the answer to a command line that clap did not take.
pub fn answer(error: &clap::Error) -> ExitCode {
    let grammar = Cli::command();
    let words: Vec<OsString> = std::env::args_os().collect();
    let command = words.iter().skip(1).find_map(|word| grammar.find_subcommand(word));
    let is_run = command.is_some_and(|command| command.get_name() == "run");
    if error.exit_code() == 0 {
        // Help is what was asked for, and goes to standard output.
        match named_chapter(&words).filter(|_| is_run && error.kind() == ErrorKind::DisplayHelp) {
            Some(chapter) => print_help_of(chapter, grammar),
            None => print!("{}", error.render()),
        }
        return output::finish(ExitCode::SUCCESS);
    }
    let better = is_run.then(|| not_needed(error, &words)).flatten();
    match better.or_else(|| no_such_chapter(error)) {
        Some(better) => output::print_error(&better.into()),
        None => drop(error.print()),
    }
    if is_run && misses_chapter(error) {
        output::tell(
            "\nhint: `lab chapters` lists the chapters; to begin: lab run chapter-00 -- sh\n",
        );
    }
    // Docker's status for "the runtime failed": 2 might be the command's own.
    ExitCode::from(if is_run { Error::RUNTIME_FAILED } else { MISUSED })
}

/// Whether what is missing is the chapter, and not an option that another one needs.
fn misses_chapter(error: &clap::Error) -> bool {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::Strings(missing)) => missing.iter().any(|name| name == "<CHAPTER>"),
        _ => false,
    }
}

/// The first word that names a chapter.
fn named_chapter(words: &[OsString]) -> Option<&'static Chapter> {
    words.iter().skip(1).find_map(|word| Chapter::named(word.to_str()?))
}

/// `lab run chapter-02 --help` tells what chapter 2 takes.
fn print_help_of(chapter: &'static Chapter, grammar: Command) {
    let grammar = grammar.mut_subcommand("run", |run| {
        // Only options that are there can be hidden: those of `run`, and not later.
        let run = RunArgs::augment_args(run).defer(|run| run);
        chapter.hide_later_options(run)
    });
    if let Err(help) = grammar.try_get_matches() {
        print!("{}", help.render());
    }
}

/// What to say of an option that is Docker's and not ours.
fn not_needed(error: &clap::Error, words: &[OsString]) -> Option<Error> {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else { return None };
    let is_ours = error.kind() == ErrorKind::UnknownArgument;
    let (_, why) = NOT_NEEDED.iter().find(|(name, _)| is_ours && name == flag)?;
    let is_needed = |word: &&OsString| {
        let is_short = ["-it", "-ti"].iter().any(|both| word == both);
        !is_short && !NOT_NEEDED.iter().any(|(name, _)| word == name)
    };
    let rest = shell::quote(words.iter().filter(is_needed));
    Some(Error::new(format!("{flag} is not needed: {why}")).with_hint(rest))
}

/// What to say of a number that no chapter has: one that looks like it is no help.
fn no_such_chapter(error: &clap::Error) -> Option<Error> {
    let (Some(ContextValue::String(arg)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return None;
    };
    let number = value.strip_prefix("chapter-").unwrap_or(value);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (arg.contains("CHAPTER") && is_number).then(|| {
        let last = CHAPTERS.len() - 1;
        Error::new(format!("there is no chapter {number}: they are 00 to {last:02}"))
            .with_hint("`lab chapters` lists them")
    })
}
