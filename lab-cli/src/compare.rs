//! `lab compare A B -- CMD`: the same command under two chapters, side by side.

use std::ffi::OsString;
use std::io::stdout;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use clap::Args;
use colored::Colorize;
use process::own_program;

use crate::chapters::{Chapter, parser};
use crate::columns::{fit, width, wrap};
use crate::output::println;

/// A column that is narrower cannot be read.
const NARROW: usize = 20;

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

    // `≠ left │ right`
    let column = width(&stdout()).saturating_sub(5) / 2;
    let column = column.max(NARROW);
    println!("  {}   {}", fit(args.left.package, column).bold(), args.right.package.bold());
    for at in 0..left.lines.len().max(right.lines.len()) {
        let line = |ran: &Ran| ran.lines.get(at).cloned().unwrap_or_default();
        let (one, other) = (line(&left), line(&right));
        let mut mark = if one == other { " " } else { "≠" };
        let (one, other) = (wrap(&one, column), wrap(&other, column));
        for row in 0..one.len().max(other.len()) {
            let part = |lines: &[String]| lines.get(row).cloned().unwrap_or_default();
            let line = format!("{} {} │ {}", mark.yellow(), fit(&part(&one), column), part(&other));
            println!("{}", line.trim_end());
            mark = " ";
        }
    }
    println!("  {}   {}", fit(&left.end(), column).dimmed(), right.end().dimmed());
    Ok(ExitCode::SUCCESS)
}

impl Ran {
    fn end(&self) -> String {
        let nothing = if self.lines.is_empty() { "no output, " } else { "" };
        format!("{nothing}exit code {}", self.status)
    }
}

fn run_one(chapter: &Chapter, command: &[OsString]) -> Result<Ran> {
    // A process of its own: what clones a container must have nothing else to do.
    let output = Command::new(own_program())
        .args(["run", "--view", "none", "--rm", chapter.short_name()])
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
