//! The few lines at the end of a run: how it ended, what it used, what it changed.

use std::time::Duration;

use anstream::eprintln;
use colored::Colorize;
use process::{ExitStatus, Outcome};

/// More changed files than this are counted, not listed.
const MAX_CHANGES: usize = 12;

/// Prints the summary to stderr.
pub fn print(outcome: &Outcome) {
    let status = outcome.status.to_string();
    let status = match outcome.status {
        ExitStatus::Exited(0) => status.green(),
        _ => status.red(),
    };
    eprintln!("{}  {status} after {}", "ended".bold(), duration(outcome.duration));
    if let Some(limit) = &outcome.killed_by {
        eprintln!("       {}", format!("killed: {limit} was reached").red());
    }
    let used = [
        outcome.peak_memory.map(|bytes| format!("peak memory {}", size(bytes))),
        outcome.cpu_time.map(|time| format!("CPU time {}", duration(time))),
        outcome
            .throttled
            .filter(|time| !time.is_zero())
            .map(|time| format!("throttled for {}", duration(time))),
    ];
    let used: Vec<_> = used.into_iter().flatten().collect();
    if !used.is_empty() {
        eprintln!("{}   {}", "used".bold(), used.join(", "));
    }
    if let Some(changes) = &outcome.changes {
        print_changes(changes);
    }
}

fn print_changes(changes: &[String]) {
    let label = "files".bold();
    match changes.len() {
        0 => eprintln!("{label}  none changed"),
        count => eprintln!("{label}  {count} changed"),
    }
    for change in changes.iter().take(MAX_CHANGES) {
        // File names are the container's own words.
        let change: String = change.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        let coloured = match change.as_bytes().first() {
            Some(b'A') => change.green(),
            Some(b'D') => change.red(),
            _ => change.yellow(),
        };
        eprintln!("       {coloured}");
    }
    if changes.len() > MAX_CHANGES {
        eprintln!("       … and {} more", changes.len() - MAX_CHANGES);
    }
}

/// `4.2 ms`, `1.50 s`, `3 m 20 s`.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{:.1} ms", time.as_secs_f64() * 1000.0),
        1..60 => format!("{:.2} s", time.as_secs_f64()),
        seconds => format!("{} m {} s", seconds / 60, seconds % 60),
    }
}

/// `512 B`, `1.5 MiB`.
fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB"].iter().peekable();
    while let Some(unit) = units.next() {
        if value < 1024.0 || units.peek().is_none() {
            return match bytes {
                0..1024 => format!("{bytes} B"),
                _ => format!("{value:.1} {unit}"),
            };
        }
        value /= 1024.0;
    }
    format!("{bytes} B")
}
