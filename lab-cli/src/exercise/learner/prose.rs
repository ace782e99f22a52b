//! The texts of an exercise, as wide as the terminal is.
//!
//! Headings, code and tables stay as they are; paragraphs and the entries of lists are
//! wrapped anew.

use std::io::{IsTerminal, stdout};

use colored::Colorize;

use crate::columns::{Long, lines};

/// Longer lines are hard to read, however wide a terminal is.
const WIDEST: usize = 100;

/// A text for our standard output. A pipe gets it as it was written.
pub fn fitted(text: &str) -> String {
    match crossterm::terminal::size() {
        Ok((width, _)) if stdout().is_terminal() && width > 0 => {
            wrapped(text, WIDEST.min(width.into()))
        }
        _ => text.to_owned(),
    }
}

fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    let mut words = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        let is_fence = line.starts_with("```");
        is_code ^= is_fence;
        let is_fixed = is_code
            || is_fence
            || line.is_empty()
            || line.starts_with(['#', '|'])
            || line.starts_with("    ");
        if is_fixed || line.starts_with("- ") {
            lines.append(&mut wrap(&words, width));
            words.clear();
        }
        match is_fixed {
            true if line.starts_with('#') && !is_code => lines.push(line.bold().to_string()),
            true => lines.push(line.to_owned()),
            false => words.extend(line.split_whitespace()),
        }
    }
    lines.append(&mut wrap(&words, width));
    lines.join("\n")
}

/// A paragraph, or an entry of a list, whose lines stand below its first word.
fn wrap(words: &[&str], width: usize) -> Vec<String> {
    let Some(entry) = words.strip_prefix(&["-"]) else {
        return lines(words.iter().copied(), width, Long::Whole);
    };
    let lines = lines(entry.iter().copied(), width.saturating_sub(2), Long::Whole).into_iter();
    let mark = |number| if number == 0 { "- " } else { "  " };
    lines.enumerate().map(|(number, line)| format!("{}{line}", mark(number))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_and_entries_are_wrapped_and_code_is_not() {
        let text = "one two\nthree\n\n- four five\n  six\n- seven\n\n    code as it is\n";
        let wrapped = wrapped(text, 10);
        assert_eq!(wrapped, "one two\nthree\n\n- four\n  five six\n- seven\n\n    code as it is");
    }
}
