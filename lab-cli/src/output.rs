//! What goes to people: colours decided once, errors always in the same form.
//!
//! Everything is coloured where it is made, and the streams of `anstream` take the
//! colours out again where they are not wanted: in a pipe, on a dumb terminal, with
//! `NO_COLOR`. So print with `anstream::println!` and `anstream::eprintln!` only.

use std::io::Write;
use std::process::ExitCode;

use clap::ColorChoice;
use colored::Colorize;

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

/// Tells people something in whole lines, while a container runs or after it.
///
/// Nobody may be there any more (`lab run … 2>&1 | head`): no reason to fail.
pub fn tell(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}

/// Prints what is good to know.
pub fn note(text: &str) {
    tell(&format!("{} {text}\n", "note:".cyan().bold()));
}

/// Prints a warning, and what to do about it.
pub fn warn(text: &str, hint: Option<&str>) {
    let hint = hint.map(|hint| format!("{} {hint}\n", "hint:".cyan().bold()));
    tell(&format!("{} {text}\n{}", "warning:".yellow().bold(), hint.unwrap_or_default()));
}

/// Prints an error with its hint, and returns the status to exit with.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    print_error(error);
    let cause = error.downcast_ref::<process::Error>();
    ExitCode::from(cause.map_or(1, process::Error::to_exit_code))
}

/// Prints an error with its hint.
pub fn print_error(error: &anyhow::Error) {
    let hint = error.downcast_ref::<process::Error>().and_then(process::Error::to_hint);
    let hint = hint.map(|hint| format!("{} {hint}\n", "hint:".cyan().bold()));
    tell(&format!("{} {error:#}\n{}", "error:".red().bold(), hint.unwrap_or_default()));
}
