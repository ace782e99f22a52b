//! `lab view`: looks at a container that is running.

use std::io::stdout;
use std::process::ExitCode;

use anyhow::Result;
use nix::unistd::Pid;
use process::Error;
use process::record::{Running, running};

use crate::output;

use super::look::{Subject, observe};
use super::render::{Detail, render};
use super::text::Text;
use super::watch;
use crate::columns::{fit, width};
use crate::output::print;

/// How many columns a command gets in a list.
const COMMAND: usize = 24;
/// Show what the host and a running container each see
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The container's name or id, or the beginning of its id
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// Look at this process of the host instead, whoever made it
    #[arg(long, value_name = "N", conflicts_with = "name", value_parser = clap::value_parser!(i32).range(1..))]
    pid: Option<i32>,

    /// How much to show; full unless --watch lacks the room for it
    #[arg(long, value_name = "DETAIL")]
    view: Option<Detail>,

    /// Print everything as JSON
    #[arg(long, conflicts_with_all = ["watch", "view"])]
    json: bool,

    /// Look again every second, until q or Ctrl-C is pressed
    #[arg(long)]
    watch: bool,
}

/// Runs the command.
///
/// # Errors
/// If there is no such container, or we may not look into it.
pub fn run(args: &Args) -> Result<ExitCode> {
    let subject = match (args.pid, &args.name) {
        (Some(pid), _) => Subject::Process(Pid::from_raw(pid)),
        (None, Some(name)) => Subject::Container(process::find(name)?.pid),
        (None, None) => Subject::Container(only(running()?)?.pid),
    };
    if args.watch {
        return watch::watch(subject, args.view);
    }
    let view = observe(subject)?;
    let text = if args.json {
        serde_json::to_string_pretty(&view)? + "\n"
    } else {
        render(&view, args.view.unwrap_or(Detail::Full), width(&stdout()))
    };
    print!("{text}");
    Ok(ExitCode::SUCCESS)
}

/// The only container there is.
fn only(mut containers: Vec<Running>) -> Result<Running, Error> {
    match (containers.len(), containers.pop()) {
        (1, Some(one)) => Ok(one),
        (_, Some(last)) => {
            containers.push(last);
            containers.iter().for_each(|one| output::tell(&format!("  {}\n", describe(one))));
            Err(Error::new("more than one container is running")
                .with_hint("give the name or the id of one"))
        }
        (_, None) => Err(Error::new("no container is running")
            .with_hint("`lab run chapter-07 -- sh` starts one; --pid N looks at any process")),
    }
}

/// `3f9c0a1b2c4d  web  chapter-05-net-ns  pid 4242  sh`
fn describe(container: &Running) -> String {
    let command: Vec<_> = container.command.iter().map(|word| word.to_string_lossy()).collect();
    let name = container.name.as_deref().unwrap_or("-");
    let line = format!(
        "{}  {name}  {}  pid {}  {}",
        container.id,
        container.chapter,
        container.pid,
        fit(&Text::from(command.join(" ")).to_string(), COMMAND).trim_end(),
    );
    Text::from(line).to_string()
}
