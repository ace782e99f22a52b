//! A command line that is not run: the help that was asked for, or what is wrong.

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory};
use process::Error;

use crate::chapters::Chapter;
use crate::{Cli, output};

/// Options of other runtimes that say what is always so here.
const NOT_NEEDED: [(&str, &str); 5] = [
    ("-i", "the container has this terminal as it is"),
    ("-t", "the container has this terminal as it is"),
    ("--interactive", "the container has this terminal as it is"),
    ("--tty", "the container has this terminal as it is"),
    ("--rm", "a container goes with its command"),
];

/// Prints the answer to a command line that clap did not take, and ends.
pub fn answer(error: clap::Error) -> ! {
    let grammar = Cli::command();
    let words: Vec<OsString> = std::env::args_os().collect();
    let command = words.iter().skip(1).find_map(|word| grammar.find_subcommand(word));
    let is_run = command.is_some_and(|command| command.get_name() == "run");
    if let Some(better) = is_run.then(|| not_needed(&error, &words)).flatten() {
        output::print_error(&better.into());
        std::process::exit(Error::RUNTIME_FAILED.into());
    }
    match named_chapter(&words).filter(|_| is_run && error.kind() == ErrorKind::DisplayHelp) {
        Some(chapter) => print_help_of(chapter, grammar),
        None => drop(error.print()),
    }
    if is_run && misses_chapter(&error) {
        eprintln!("\nhint: `lab chapters` lists the chapters; to begin: lab run chapter-00 -- sh");
    }
    match error.exit_code() {
        0 => std::process::exit(0),
        // Docker's status for "the runtime failed": 2 might be the command's own.
        _ if is_run => std::process::exit(Error::RUNTIME_FAILED.into()),
        code => std::process::exit(code),
    }
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
    let grammar = grammar.mut_subcommand("run", |run| chapter.hide_later_options(run));
    if let Err(help) = grammar.try_get_matches() {
        let _ = help.print();
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
    let rest = shell_words(words.iter().filter(is_needed));
    Some(Error::new(format!("{flag} is not needed: {why}")).hint(rest))
}

/// Words as a shell would take them back.
fn shell_words<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> String {
    let quote = |word: W| {
        let word = word.as_ref().to_string_lossy().into_owned();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
        match !word.is_empty() && word.chars().all(is_plain) {
            true => word,
            false => format!("'{}'", word.replace('\'', r"'\''")),
        }
    };
    words.into_iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_the_words_back_as_they_were() {
        let words = ["lab", "run", "7", "--", "sh", "-c", "echo 'a b' $HOME", ""];
        assert_eq!(shell_words(words), r"lab run 7 -- sh -c 'echo '\''a b'\'' $HOME' ''");
    }
}
