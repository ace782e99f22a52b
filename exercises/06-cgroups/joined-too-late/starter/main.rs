//! A small runtime with a limit of processes, and an init if one wants it.

use std::process::ExitCode;

use chroot::RootOptions;
use clap::Parser;
use pid_ns::PidOptions;
use process::CommandOptions;

mod cgroup;
mod runtime;
mod trees;

/// What this runtime can be asked for.
#[derive(Parser)]
pub struct Options {
    /// Processes and threads, at most
    #[arg(long, value_name = "NUMBER")]
    pids_limit: Option<u64>,
    #[command(flatten)]
    pid: PidOptions,
    #[command(flatten)]
    root: RootOptions,
    #[command(flatten)]
    command: CommandOptions,
}

fn main() -> ExitCode {
    let options = Options::parse();
    process::main(|| runtime::create(&options))
}
