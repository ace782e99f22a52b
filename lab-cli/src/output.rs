//! What goes to people: colours decided once, errors always in the same form.
//!
//! Everything is coloured where it is made, and the streams of `anstream` take the
//! colours out again where they are not wanted: in a pipe, on a dumb terminal, with
//! `NO_COLOR`. So print with `anstream::println!` and `anstream::eprintln!` only.

use std::process::ExitCode;

use anstream::eprintln;
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

/// Prints an error with its hint, and returns the status to exit with.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("{} {error:#}", "error:".red().bold());
    let cause = error.downcast_ref::<process::Error>();
    if let Some(hint) = cause.and_then(process::Error::to_hint) {
        eprintln!("{} {hint}", "hint:".cyan().bold());
    }
    ExitCode::from(cause.map_or(1, process::Error::to_exit_code))
}
