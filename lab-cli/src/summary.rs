//! The few lines at the end of a run: how it ended, what it used, what it changed.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use cgroups::{Used, size};
use colored::Colorize;
use lifecycle::Ending;
use overlay::{Change, Changes, Kept};
use process::{Entry, ExitStatus, Outcome};

use crate::view::Text;

/// More changed files than this are counted, not listed.
const MAX_CHANGES: usize = 12;

/// All that is known, for somebody who sits in front of it.
pub fn of(outcome: &Outcome) -> String {
    let mut text = of_ending(&outcome.into());
    if let Some(Changes(changes)) = outcome.entry() {
        add_changes(&mut text, changes);
    }
    if let Some(Kept(kept)) = outcome.entry() {
        line(&mut text, "kept", &shown(kept));
    }
    text
}

/// The same of one whose own runtime has told us.
pub fn of_ending(Ending { status, duration: time, used }: &Ending) -> String {
    let mut text = String::new();
    let words = status.to_string();
    let words = if *status == ExitStatus::Exited(0) { words.green() } else { words.red() };
    line(&mut text, "ended", &format!("{words} after {}", duration(*time)));
    if let Some(used) = used {
        add_used(&mut text, used);
    }
    text
}

/// Only what must not be missed of it.
pub fn ending_in_short(ending: &Ending) -> String {
    let news = ending.used.iter().flat_map(Used::news);
    news.map(|line| format!("{}\n", Text::from(line))).collect()
}

/// Only what must not be missed, where the command's own output is what counts.
pub fn in_short(outcome: &Outcome) -> String {
    outcome.news().into_iter().map(|line| format!("{}\n", Text::from(line))).collect()
}

fn add_used(text: &mut String, used: &Used) {
    for killed in used.news() {
        line(text, "", &killed.red());
    }
    let used = [
        used.peak_memory.map(|bytes| format!("peak memory {}", size(bytes))),
        used.cpu_time.map(|time| format!("CPU time {}", duration(time))),
        used.throttled
            .filter(|time| !time.is_zero())
            .map(|time| format!("throttled for {}", duration(time))),
    ];
    let used: Vec<_> = used.into_iter().flatten().collect();
    if !used.is_empty() {
        line(text, "used", &used.join(", "));
    }
}

fn shown(path: &Path) -> Text {
    Text::from_bytes(path.as_os_str().as_encoded_bytes())
}

fn add_changes(text: &mut String, changes: &[Change]) {
    let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
    let counts = [('A', "added"), ('C', "changed"), ('D', "deleted")];
    let counts = counts.map(|(kind, name)| (count(kind), name));
    let counts: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let counts = if counts.is_empty() { "none changed".to_owned() } else { counts.join(", ") };
    line(text, "files", &counts);
    for change in changes.iter().take(MAX_CHANGES) {
        // File names are the container's own words.
        let name = format!("{} {}", change.kind, shown(&change.path));
        let coloured = match change.kind {
            'A' => name.green(),
            'D' => name.red(),
            _ => name.yellow(),
        };
        line(text, "", &coloured);
    }
    if changes.len() > MAX_CHANGES {
        line(text, "", &format!("… and {} more", changes.len() - MAX_CHANGES));
    }
}

/// `ended  exit code 0`
fn line(text: &mut String, label: &str, what: &dyn std::fmt::Display) {
    let _ = writeln!(text, "{} {what}", format!("{label:<6}").bold());
}

/// `4.2 ms`, `1.50 s`, `3 m 20 s`.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{:.1} ms", time.as_secs_f64() * 1000.0),
        1..60 => format!("{:.2} s", time.as_secs_f64()),
        seconds => format!("{} m {} s", seconds / 60, seconds % 60),
    }
}
