//! The command itself: looks, prints, and says by its status whether all can run.

use std::io::stdout;
use std::process::ExitCode;

use super::examine::{examine, runnable};
use super::host::Host;
use super::render;
use crate::columns;
use crate::output::{print, println};

/// The page for which the text is laid out, in columns.
const PAGE: usize = 80;

/// Show what this host can and cannot do, and the command that changes it
///
/// The status is 0 if every chapter can run here as this user, and 1 otherwise.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Looks at the host, and prints what there is.
///
/// # Errors
/// If it cannot be printed; what the host lacks is no error.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let host = Host::this();
    let checks = examine(&host);
    let (can, stopped) = runnable(&checks);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&checks)?);
    } else {
        let width = columns::width(&stdout()).min(PAGE);
        print!("{}", render::title(&host));
        print!("{}", render::table(&checks, width));
        print!("{}", render::verdict(&host, &can, &stopped, width));
    }
    Ok(if stopped.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
