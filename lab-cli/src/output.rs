//! What goes to people: colours decided once, errors always in the same form.
//!
//! Everything is coloured where it is made, and the streams of `anstream` take the
//! colours out again where they are not wanted: in a pipe, on a dumb terminal, with
//! `NO_COLOR`.
//!
//! The standard library's `println!` panics when a disk is full, and its `eprintln!` when
//! nobody listens any more. So print with [`print!`], [`println!`] and [`tell`] only.

use std::fmt::{Arguments, Display};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use clap::ColorChoice;
use colored::Colorize;
use nix::errno::Errno;
use process::{Error, Result, Step, printable};

/// Prints to standard output, as the standard library's does, but never panics.
macro_rules! print {
    ($($text:tt)*) => { $crate::output::write(format_args!($($text)*)) };
}

/// The same with the end of a line.
macro_rules! println {
    ($($text:tt)*) => { $crate::output::write(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {print, println};

/// Why standard output could not be written to, once that has happened.
static FAILURE: OnceLock<Error> = OnceLock::new();

/// Takes the one decision about colours.
pub fn decide_colours(choice: ColorChoice) {
    colored::control::set_override(true);
    match choice {
        ColorChoice::Auto => anstream::ColorChoice::Auto,
        ColorChoice::Always => anstream::ColorChoice::Always,
        ColorChoice::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Writes to standard output, unless that has failed before.
///
/// The command goes on and comes to its end, and [`flush`] tells of the failure there: to
/// leave in the middle of something is worse than to go on unread.
pub fn write(text: Arguments<'_>) {
    if FAILURE.get().is_none() {
        keep_failure(anstream::stdout().write_fmt(text));
    }
}

fn keep_failure(written: io::Result<()>) {
    if let Err(error) = written.step(|| "write to standard output") {
        let _ = FAILURE.set(error.with_exit_code(1));
    }
}

/// Makes sure that all that was printed has arrived.
///
/// # Errors
/// If it has not; but a reader that has gone has seen enough.
pub fn flush() -> Result<()> {
    keep_failure(io::stdout().flush());
    match FAILURE.get() {
        Some(error) if error.errno() != Some(Errno::EPIPE) => Err(error.clone()),
        _ => Ok(()),
    }
}

/// The status to exit with, if all that was printed has arrived.
pub fn finish(code: ExitCode) -> ExitCode {
    flush().map_or_else(|error| fail(&error.into()), |()| code)
}

/// Tells people something in whole lines, while a container runs or after it.
///
/// Nobody may be there any more (`lab run … 2>&1 | head`): no reason to fail.
pub fn tell(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Prints a line in which there may be names of strangers.
pub fn tell_line(text: &str) {
    tell(&format!("{}\n", printable(text)));
}

/// Prints what is good to know.
pub fn note(text: &str) {
    say(&"note:".cyan().bold(), text, None);
}

/// Prints a warning, and what to do about it.
pub fn warn(text: &str, hint: Option<&str>) {
    say(&"warning:".yellow().bold(), text, hint);
}

/// Prints an error with its hint, and returns the status to exit with.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    print_error(error);
    let cause = error.downcast_ref::<process::Error>();
    ExitCode::from(cause.map_or(1, process::Error::exit_code))
}

/// Prints an error with its hint.
pub fn print_error(error: &anyhow::Error) {
    let hint = error.downcast_ref::<process::Error>().and_then(process::Error::hint);
    say(&"error:".red().bold(), &format!("{error:#}"), hint);
}

/// One line, and one for the hint. There may be names of strangers in both.
fn say(label: &dyn Display, text: &str, hint: Option<&str>) {
    let hint = hint.map(|hint| format!("{} {}\n", "hint:".cyan().bold(), printable(hint)));
    tell(&format!("{label} {}\n{}", printable(text), hint.unwrap_or_default()));
}
