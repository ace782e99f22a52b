//! A command line that is not run: the help that was asked for, or what is wrong.

use std::error::Error as _;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Args, Command, CommandFactory};
use process::Error;

use crate::chapters::{CHAPTERS, Chapter};
use crate::cli::Cli;
use crate::groups::grouped;
use crate::output::{self, print};
use crate::run::{self, RunArgs};

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
        let chapter = words.iter().skip(1).find_map(named_chapter);
        match chapter.filter(|_| is_run && error.kind() == ErrorKind::DisplayHelp) {
            Some(chapter) => print_help_of(chapter, grammar),
            None if command.is_none() => print_help_of_all(grammar),
            None => print!("{}", error.render()),
        }
        return output::finish(ExitCode::SUCCESS);
    }
    let is_exec = command.is_some_and(|command| command.get_name() == "exec");
    let better = is_run.then(|| of_run(error, &words)).flatten();
    let better =
        better.or_else(|| is_exec.then(|| not_ours(error, run::docker::refusal_of_exec)).flatten());
    let better = better.or_else(|| no_such_chapter(error)).or_else(|| no_such_value(error));
    if let Some(better) = better {
        output::print_error(&better.into());
    } else {
        drop(error.print());
        let is_missing = error.kind() == ErrorKind::MissingRequiredArgument;
        if is_run && is_missing && is_about(error, "<CHAPTER>") {
            output::tell(
                "\nhint: `lab chapters` lists the chapters; to begin: lab run chapter-00 -- sh\n",
            );
        }
    }
    // Docker's status for "the runtime failed": 2 might be the command's own.
    ExitCode::from(if is_run || is_exec { Error::RUNTIME_FAILED } else { MISUSED })
}

/// Whether an error is about this argument, which is wrong or missing.
fn is_about(error: &clap::Error, argument: &str) -> bool {
    match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(wrong)) => wrong == argument,
        Some(ContextValue::Strings(missing)) => missing.iter().any(|name| name == argument),
        _ => false,
    }
}

/// The chapter that a word names.
fn named_chapter(word: &OsString) -> Option<&'static Chapter> {
    Chapter::named(word.to_str()?)
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

/// Prints the help of all commands, in groups.
fn print_help_of_all(grammar: Command) {
    if let Err(help) = grouped(grammar).try_get_matches() {
        print!("{}", help.render());
    }
}

/// What `lab run` says of a line that clap has refused, if it knows better.
fn of_run(error: &clap::Error, line: &[OsString]) -> Option<Error> {
    let own = line.split(|word| word == "--").next().unwrap_or_default();
    run::typography::refusal(own, line)
        .or_else(|| not_ours(error, run::docker::refusal))
        .or_else(|| no_name(error, line))
}

/// What to say of an option that is Docker's and not ours.
fn not_ours(error: &clap::Error, refusal: fn(&str) -> Option<Error>) -> Option<Error> {
    match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(option))) => refusal(option),
        _ => None,
    }
}

/// What to say of `-h` without a name, or with the chapter taken for one.
fn no_name(error: &clap::Error, line: &[OsString]) -> Option<Error> {
    let nothing = ContextValue::String(String::new());
    let is_empty = error.get(ContextKind::InvalidValue) == Some(&nothing);
    let mut behind = line.iter().skip_while(|word| *word != "-h").skip(1);
    let is_chapter = behind.next().is_some_and(|word| named_chapter(word).is_some());
    let is_meant = is_empty && is_about(error, "--hostname <NAME>")
        || is_chapter && is_about(error, "<CHAPTER>");
    is_meant.then(|| {
        Error::new("-h is the container's host name, as in Docker, and needs one: -h NAME")
            .with_hint("`lab run --help` is the help")
    })
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

/// What the option itself has to say of its value: `--pid: invalid PID mode: `hots``.
fn no_such_value(error: &clap::Error) -> Option<Error> {
    let Some(ContextValue::String(arg)) = error.get(ContextKind::InvalidArg) else { return None };
    let why = error.source()?.downcast_ref::<Error>()?;
    let flag = arg.split(' ').next().unwrap_or(arg);
    let answer = Error::new(format!("{flag}: {why}"));
    Some(match why.hint() {
        Some(hint) => answer.with_hint(hint),
        None => answer,
    })
}
