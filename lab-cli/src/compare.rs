//! `lab compare A B -- CMD`: the same command under two chapters, side by side.

use std::ffi::OsString;
use std::process::{Command, ExitCode, Stdio};

use anstream::println;
use anyhow::{Context, Result};
use clap::Args;
use colored::Colorize;

use crate::chapters::{Chapter, parser};
use crate::view;

/// The command line of `lab compare`.
#[derive(Args)]
pub struct CompareArgs {
    /// The chapter to the left
    #[arg(value_name = "CHAPTER", value_parser = parser(), hide_possible_values = true)]
    left: &'static Chapter,

    /// The chapter to the right
    #[arg(value_name = "CHAPTER", value_parser = parser(), hide_possible_values = true)]
    right: &'static Chapter,

    /// Options and command, as for `lab run`
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true
    )]
    command: Vec<OsString>,
}

/// What one of the two runs printed, and how it ended.
struct Ran {
    lines: Vec<String>,
    status: i32,
}

/// Runs both, one after the other, and prints their outputs in two columns.
///
/// # Errors
/// If `lab run` itself cannot be started.
pub fn run(args: &CompareArgs) -> Result<ExitCode> {
    let left = run_one(args.left, &args.command)?;
    let right = run_one(args.right, &args.command)?;

    let width = (view::width() - 5) / 2;
    println!("  {}   {}", pad(args.left.package, width).bold(), args.right.package.bold());
    for at in 0..left.lines.len().max(right.lines.len()) {
        let line = |ran: &Ran| ran.lines.get(at).cloned().unwrap_or_default();
        let (one, other) = (line(&left), line(&right));
        let mark = if one == other { " " } else { "≠" };
        for row in 0..rows(&one, width).max(rows(&other, width)) {
            let mark = if row == 0 { mark } else { " " };
            let (one, other) = (part(&one, row, width), part(&other, row, width));
            println!("{} {} │ {other}", mark.yellow(), pad(&one, width));
        }
    }
    println!(
        "  {}   {}",
        pad(&format!("exit code {}", left.status), width).dimmed(),
        format!("exit code {}", right.status).dimmed()
    );
    Ok(ExitCode::SUCCESS)
}

fn run_one(chapter: &Chapter, command: &[OsString]) -> Result<Ran> {
    let lab = std::env::current_exe().context("find the lab program")?;
    // A process of its own: what clones a container must have nothing else to do.
    let output = Command::new(lab)
        .args(["run", "--view", "none", chapter.short_name()])
        .args(command)
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("run {}", chapter.short_name()))?;
    let text = [output.stdout, output.stderr].concat();
    let lines = String::from_utf8_lossy(&text).lines().map(printable).collect();
    Ok(Ran { lines, status: output.status.code().unwrap_or(-1) })
}

/// Without what would move the cursor out of its column.
fn printable(line: &str) -> String {
    line.replace('\t', "    ").chars().filter(|c| !c.is_control()).collect()
}

fn rows(line: &str, width: usize) -> usize {
    line.chars().count().div_ceil(width).max(1)
}

fn part(line: &str, row: usize, width: usize) -> String {
    line.chars().skip(row * width).take(width).collect()
}

fn pad(text: &str, width: usize) -> String {
    format!("{text:<width$}")
}
