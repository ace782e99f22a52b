//! A command line that went through a word processor: `–d`, `—rm`, `sh -c “echo hello”`.
//!
//! Two hyphens have become a dash there, and straight quotes curly ones. To a shell they are
//! letters like any others, so that an option is taken for the command, and a sentence falls
//! into its words.

use std::ffi::OsString;

use clap::{Args, Command};
use process::Error;

use super::{RunArgs, docker};
use crate::shell;

/// All that looks like a hyphen and is none, from the short to the long ones of Unicode.
const DASHES: [char; 8] =
    ['\u{2010}', '\u{2011}', '\u{2012}', '–', '—', '\u{2015}', '\u{2212}', '\u{ff0d}'];

/// All that looks like a quote and is none.
const QUOTES: [char; 10] = ['“', '”', '„', '‟', '«', '»', '‘', '’', '‚', '‛'];

/// What to say if one of these words begins with such a mark.
pub fn refusal(words: &[OsString], line: &[OsString]) -> Option<Error> {
    let word = words.iter().filter_map(|word| word.to_str());
    let word = word.into_iter().find(|word| word.starts_with(is_mark))?;
    let (kind, instead) =
        if word.starts_with(DASHES) { ("dash", "a hyphen") } else { ("quote", "' or \"") };
    let text = format!("{word} begins with a typographic {kind}, which is not {instead}");
    Some(Error::new(text).with_hint(shell::quote(corrected(line))))
}

/// What to say when a command has failed and one of its words begins with a quote.
pub fn note(command: &[OsString]) -> Option<String> {
    let word =
        command.iter().filter_map(|word| word.to_str()).find(|word| word.starts_with(QUOTES))?;
    Some(format!("{word}: to a shell, a typographic quote is a letter: use ' or \""))
}

fn is_mark(letter: char) -> bool {
    DASHES.contains(&letter) || QUOTES.contains(&letter)
}

/// The line as it was before: with hyphens, and in the words that were quoted.
fn corrected(line: &[OsString]) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let mut is_open = false;
    for word in line {
        let text = word.to_str().unwrap_or_default();
        let bare = text.trim_matches(QUOTES);
        let fixed = if text.is_empty() { word.clone() } else { with_hyphens(bare).into() };
        match words.last_mut().filter(|_| is_open) {
            Some(last) => {
                last.push(" ");
                last.push(fixed);
            }
            None => words.push(fixed),
        }
        is_open = (is_open || text.starts_with(QUOTES)) && !text.ends_with(QUOTES);
    }
    words
}

/// An option with the hyphens that it has: two if there is a long one of that name.
fn with_hyphens(word: &str) -> String {
    let name = word.trim_start_matches(DASHES).trim_start_matches('-');
    if !word.starts_with(DASHES) || name.is_empty() {
        return word.to_owned();
    }
    let long = name.split_once('=').map_or(name, |(long, _)| long);
    let hyphens = if is_long(long) { "--" } else { "-" };
    format!("{hyphens}{name}")
}

/// Whether there is a long option of that name, here or in Docker.
fn is_long(name: &str) -> bool {
    let grammar = RunArgs::augment_args(Command::new("run"));
    let is_ours = grammar.get_arguments().any(|option| {
        option.get_long() == Some(name)
            || option.get_all_aliases().is_some_and(|all| all.contains(&name))
    });
    is_ours || docker::refusal(&format!("--{name}")).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_put_right_word_by_word() {
        for (wrong, right) in [
            ("lab run 7 –it sh", "lab run 7 -it sh"),
            ("lab run 7 −e A=b —rm sh", "lab run 7 -e A=b --rm sh"),
            ("lab run 7 –-network=none –name web", "lab run 7 --network=none --name web"),
            ("lab run —detach 7", "lab run --detach 7"),
            ("lab run 7 sh -c “echo hello”", "lab run 7 sh -c 'echo hello'"),
            ("lab run 7 „sh” -c ‘exit 3’ x", "lab run 7 sh -c 'exit 3' x"),
        ] {
            let line: Vec<_> = wrong.split(' ').map(OsString::from).collect();
            assert_eq!(shell::quote(corrected(&line)), right);
        }
    }
}
