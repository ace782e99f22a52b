//! The checks as text: a line each, what to type below it, and the verdict.

use colored::{Color, ColoredString, Colorize};

use super::check::{Check, Finding};
use super::host::{Host, read};
use crate::columns::{Long, lines};

/// How far the text of a check is indented below its heading, in columns.
const INDENT: usize = 2;

/// The line above all: on what, and as whom.
pub fn title(host: &Host) -> String {
    let release = read("/proc/sys/kernel/osrelease").unwrap_or_default();
    let line = format!("{}, Linux {}, as {}", host.distribution.name, release.trim(), host.user);
    format!("{}\n", line.bold())
}

/// All checks under their headings.
pub fn table(checks: &[Check], width: usize) -> String {
    let names = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let ranges = checks.iter().map(|check| ranges(&check.chapters).len()).max().unwrap_or(0);
    let mut text = String::new();
    let mut group = "";
    for (number, check) in checks.iter().enumerate() {
        if check.group != group {
            group = check.group;
            text += &format!("\n{}\n", group.bold());
        }
        text += &row(check, names, ranges, width);
        // Neighbours that one command helps are told so once.
        let next = checks.get(number + 1).filter(|next| next.group == group);
        if let Some(fix) = &check.fix
            && next.is_none_or(|next| next.fix.as_ref() != Some(fix))
        {
            text += &advice(fix, width);
        }
    }
    text
}

fn row(check: &Check, names: usize, ranges_width: usize, width: usize) -> String {
    let Check { name, result, chapters, seen, .. } = check;
    let chapters = ranges(chapters);
    let before = INDENT + names + 2 + 7 + 2 + ranges_width + 2;
    let seen = wrap(seen, width.saturating_sub(before), "");
    let seen = seen.join(&format!("\n{}", " ".repeat(before)));
    let (name, result) = (format!("{name:names$}"), word(*result));
    format!("  {name}  {result}  {chapters:ranges_width$}  {seen}\n")
}

/// What to type. A command goes on in the next line after a backslash, so that it can
/// be copied whole.
fn advice(fix: &str, width: usize) -> String {
    let before = INDENT + 2 + "fix: ".len();
    let lines = wrap(fix, width.saturating_sub(before), " \\");
    let lines: Vec<_> = lines.iter().map(|line| line.cyan().to_string()).collect();
    format!("    fix: {}\n", lines.join(&format!("\n{}", " ".repeat(before))))
}

/// The last line: what can be done now.
pub fn verdict(host: &Host, can: &[usize], stopped: &[usize], width: usize) -> String {
    let one_or_more = if can.len() == 1 { "Chapter" } else { "Chapters" };
    let (can, stopped) = (ranges(can), ranges(stopped));
    let (line, color) = match (can.as_str(), stopped.as_str()) {
        (can, "") => (format!("Every chapter can run here as {}: {can}", host.user), Color::Green),
        ("", _) => (format!("No chapter can run here as {}", host.user), Color::Red),
        (can, stopped) => {
            let line =
                format!("{one_or_more} {can} can run here as {}, {stopped} cannot", host.user);
            (line, Color::Yellow)
        }
    };
    let line = wrap(&line, width, "").join("\n");
    format!("\n{}\n", line.color(color).bold())
}

fn word(result: Finding) -> ColoredString {
    match result {
        Finding::Works => "works  ".green(),
        Finding::Limited => "limited".yellow(),
        Finding::Missing => "missing".red(),
    }
}

/// `00-05, 07`.
fn ranges(numbers: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    let range = |(first, last): &(usize, usize)| {
        if first == last { format!("{first:02}") } else { format!("{first:02}-{last:02}") }
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(", ")
}

/// Breaks at spaces; every line but the last ends with `more`. A long path is broken anywhere,
/// but not in a command.
fn wrap(text: &str, width: usize, more: &str) -> Vec<String> {
    let long = if more.is_empty() { Long::Broken } else { Long::Whole };
    let mut lines = lines(text.split(' '), width.saturating_sub(more.len()), long);
    let last = lines.len().saturating_sub(1);
    lines[..last].iter_mut().for_each(|line| line.push_str(more));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range() {
        assert_eq!(ranges(&[0, 1, 2, 5, 7]), "00-02, 05, 07");
        assert_eq!(ranges(&[]), "");
    }

    #[test]
    fn a_command_in_two_lines_is_still_one() {
        assert_eq!(wrap("apt-get install a b", 17, " \\"), ["apt-get install \\", "a b"]);
        assert_eq!(wrap("short", 4, " \\"), ["short"]);
        assert_eq!(wrap("a /long/path b", 5, ""), ["a", "/long", "/path", "b"]);
    }
}
