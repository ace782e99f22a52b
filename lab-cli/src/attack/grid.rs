//! What was seen, as a table, or one attack in words.

use std::fmt::Write;

use colored::Colorize;

use super::cell::Cell;
use super::target::Attack;
use crate::chapters::Chapter;
use crate::columns::{Long, lines};

/// The width of the attacks' titles and of a chapter's column.
const TITLE: usize = 36;
const COLUMN: usize = 3;

/// The attacks as rows, the chapters as columns.
pub fn table(attacks: &[&Attack], chapters: &[&Chapter], cells: &[Cell]) -> String {
    let mut text = String::new();
    let heads: String = chapters
        .iter()
        .map(|chapter| format!("{:>COLUMN$}", format!("{:02}", chapter.number)))
        .collect();
    let _ = writeln!(text, "{}", format!("{:<TITLE$}{heads}", "the attacker tries to").bold());
    for attack in attacks {
        let row = cells.iter().filter(|cell| cell.attack == attack.name);
        let marks: String = row.map(|cell| mark(&cell.result)).collect();
        let _ = writeln!(text, "{:<TITLE$}{marks}", attack.title);
    }
    for (word, result) in [("blocked", "blocked"), ("works", "works")] {
        let count = |chapter: &&Chapter| {
            let of = |cell: &&Cell| cell.chapter == chapter.short_name() && cell.result == result;
            format!("{:>COLUMN$}", cells.iter().filter(of).count())
        };
        let counts: String = chapters.iter().map(count).collect();
        let _ = writeln!(text, "{}", format!("{word:<TITLE$}{counts}").bold());
    }
    let (blocked, works, not) = ("✓".green(), "✗".red().bold(), "·".dimmed());
    let _ = writeln!(
        text,
        "\n{blocked} blocked   {works} works, on a sandbox that plays the host   {not} not applicable"
    );
    let _ = writeln!(text, "Why: {}", "lab attack --attack NAME".bold());
    text += &names(attacks);
    text
}

/// What the attacks are called, in lines that fit the page.
fn names(attacks: &[&Attack]) -> String {
    const BEFORE: &str = "NAME is ";
    let names: Vec<String> = attacks.iter().map(|attack| format!("{},", attack.name)).collect();
    let lines = lines(names.iter().map(String::as_str), 80 - BEFORE.len(), Long::Whole);
    let lines = lines.join(&format!("\n{}", " ".repeat(BEFORE.len())));
    format!("{BEFORE}{}\n", lines.trim_end_matches(','))
}

/// One attack: what it tries, what stops it, and how it went in each chapter.
pub fn explain(attack: &Attack, cells: &[Cell], width: usize) -> String {
    let mut text = format!("{}\n", format!("{}: {}", attack.name, attack.title).bold());
    let stopped = format!("chapter {:02}: {}", attack.stopped_by, attack.why);
    for (label, words) in
        [("tries", attack.tries), ("stopped by", &stopped), ("read", attack.reference)]
    {
        let lines = wrap(words, width.saturating_sub(12)).join("\n            ");
        let _ = writeln!(text, "{}{lines}", format!("{label:<12}").cyan());
    }
    text.push('\n');
    for cell in cells {
        let why = wrap(&cell.why, width.saturating_sub(23)).join(&format!("\n{}", " ".repeat(23)));
        let result = format!("{:<8}", cell.result);
        let result = match cell.result.as_str() {
            "blocked" => result.green(),
            "works" => result.red().bold(),
            _ => result.dimmed(),
        };
        let _ = writeln!(text, "{:<12}{result}   {why}", cell.chapter);
    }
    text
}

fn mark(result: &str) -> String {
    let space = " ".repeat(COLUMN - 1);
    match result {
        "blocked" => format!("{space}{}", "✓".green()),
        "works" => format!("{space}{}", "✗".red().bold()),
        _ => format!("{space}{}", "·".dimmed()),
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    lines(text.split_whitespace(), width, Long::Whole)
}
