//! `lab run`: a container of any chapter, and what host and container see.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{IsTerminal, stderr, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use colored::Colorize;
use nix::unistd::{Pid, geteuid};
use process::{Container, Error, Namespace, POWERLESS_ROOT, Step};
use user_ns::rootless::World;

use crate::chapters::{AllOptions, Chapter, DefaultRoot, Made};
use crate::columns::width;
use crate::view::{self, Detail, View};
use crate::{clean, output, rootfs, streams, summary};

pub mod docker;
pub mod typography;

mod args;
mod kept;
mod report;

pub use args::RunArgs;

use args::{OwnArgs, ViewChoice};
use report::Report;

/// Creates the container, shows it, starts it, waits, and tells how it went. The grammar is
/// that of all commands.
///
/// # Errors
/// If the runtime fails; a command that fails is a status, no error.
pub fn run(args: &RunArgs, grammar: &clap::Command) -> Result<ExitCode> {
    let OwnArgs { chapter, view, ref json, no_sweep } = args.own;
    refuse_typography(&args.options.command.command)?;
    let options = grammar.find_subcommand("run").into_iter().flat_map(clap::Command::get_arguments);
    chapter.refuse_later_options(&args.matches, options)?;
    become_root(chapter, &args.options)?;
    if !no_sweep {
        clean::sweep_before_run();
    }
    let rootfs = default_root(chapter, &args.options)?;
    // Before anything is made: what was seen could not be seen again.
    let create = |path: &PathBuf| File::create(path).step(|| format!("create {}", path.display()));
    let json = json.as_ref().map(create).transpose()?;
    if chapter.has_monitor() {
        args.options.check_terminal()?;
    }
    let mut container = match chapter.create(&args.matches, rootfs)? {
        Made::Held(container) => container,
        Made::Kept(state) => return kept::run(state, args, json),
    };

    for note in container.notes() {
        output::note(&note);
    }

    let detail = detail(view);
    let seen = observe(container.process().pid(), detail, json.is_some());
    if let Some(seen) = &seen {
        show(seen, detail, chapter, container.state().id());
    }
    if stdin().is_terminal() && stderr().is_terminal() && ignores_keys(chapter, &args.options) {
        let pid = container.process().pid();
        let ways_out = format!("use --init, or from outside: kill -9 {pid}");
        output::note(&format!("PID 1 may ignore Ctrl-C: {ways_out}"));
    }

    let is_other =
        args.options.command.user.is_some() || streams::has_other_root(container.process().pid());
    let outcome = container.run()?;
    if let Some(text) = streams::closed_to_others()
        && is_other
        && outcome.status.code() != 0
    {
        output::note(&text);
    }
    if outcome.status.code() != 0
        && let Some(text) = typography::note(&args.options.command.command)
    {
        output::note(&text);
    }
    if detail != ViewChoice::None {
        output::tell(&summary::of(&outcome));
    } else {
        output::tell(&summary::in_short(&outcome));
    }
    // What fails from here on is told; the exit code is the command's.
    for failure in &outcome.failures {
        output::warn(&failure.to_string(), failure.hint());
    }
    if let Some(file) = json {
        let report = Report {
            chapter: chapter.package,
            id: container.state().id(),
            view: seen,
            outcome: (&outcome).into(),
        };
        report.write_or_warn(file);
    }
    if let Err(error) = container.remove() {
        output::warn(&error.to_string(), error.hint());
    }
    Ok(ExitCode::from(outcome.status.code()))
}

/// Creates the container and starts it, and leaves all the rest to the caller.
///
/// # Errors
/// If the runtime fails.
pub fn start(args: &RunArgs) -> Result<Container> {
    let chapter = args.own.chapter;
    match chapter.create(&args.matches, default_root(chapter, &args.options)?)? {
        Made::Held(container) => {
            container.start()?;
            Ok(*container)
        }
        Made::Kept(_) => Err(Error::new("it has a runtime of its own").into()),
    }
}

/// How much to show: what was asked for, or what people want to see on a terminal.
fn detail(view: Option<ViewChoice>) -> ViewChoice {
    view.unwrap_or_else(|| {
        if stderr().is_terminal() && stdout().is_terminal() {
            ViewChoice::Brief
        } else {
            ViewChoice::None
        }
    })
}

/// What is seen of a container that is held; `None` if nobody wants to know. Looking must not
/// keep anything from running.
fn observe(pid: Pid, detail: ViewChoice, is_reported: bool) -> Option<View> {
    if detail == ViewChoice::None && !is_reported {
        return None;
    }
    let warn = |error: &anyhow::Error| output::warn(&format!("no view: {error:#}"), None);
    view::observe(view::Subject::Container(pid)).inspect_err(warn).ok()
}

/// Fails if an option was written by a word processor, or was taken for the command then.
fn refuse_typography(command: &[OsString]) -> Result<()> {
    let line: Vec<_> = std::env::args_os().collect();
    let options = line.len().saturating_sub(command.len().saturating_sub(1));
    typography::refusal(&line[..options], &line).map_or(Ok(()), |error| Err(error.into()))
}

/// Makes a user without the power of root the root of a user namespace, from the first
/// chapter on that needs one; there this program starts again.
fn become_root(chapter: &Chapter, options: &AllOptions) -> Result<()> {
    if process::is_privileged() || chapter.root == DefaultRoot::Host {
        return Ok(());
    }
    output::note(&format!("{}: this runs in a user namespace, chapter 8 explains it", lack()));
    if !chapter.has_own(Namespace::Net) {
        return Ok(user_ns::rootless::enter(World::Shared, output::note)?);
    }
    Ok(user_ns::rootless::become_root(&options.network, output::note)?)
}

/// What this user is not, or has not.
pub fn lack() -> &'static str {
    if geteuid().is_root() { POWERLESS_ROOT } else { "not root" }
}

/// The root a chapter runs in when none is named; also says if it looks damaged.
fn default_root(chapter: &Chapter, options: &AllOptions) -> Result<Option<PathBuf>> {
    if options.root.rootfs.is_some() {
        return Ok(None);
    }
    match chapter.root {
        DefaultRoot::Host => Ok(None),
        DefaultRoot::Pristine => rootfs::pristine().map(Some),
        DefaultRoot::Working => {
            let working = rootfs::working()?;
            if let Some(damage) = &working.damage {
                let text = format!("the working root is damaged: {damage}");
                output::warn(&text, Some(rootfs::RESET_HINT));
            }
            Ok(Some(working.path))
        }
    }
}

/// Whether the keys that end a command may not end this one.
///
/// The kernel drops a signal to PID 1 that it has no handler for, pid_namespaces(7):
/// somebody who starts `sleep 1000` would wait for it. Shells have handlers.
fn ignores_keys(chapter: &Chapter, options: &AllOptions) -> bool {
    let argv = options.command.argv();
    let program = argv.first().map(Path::new);
    let name = program.and_then(Path::file_name).and_then(OsStr::to_str).unwrap_or_default();
    // Beside somebody else's number 1, or the host's, it is none.
    let is_one = chapter.has_own(Namespace::Pid) && options.join.pid.is_none();
    is_one && !options.pid.init && !name.ends_with("sh")
}

fn show(seen: &View, detail: ViewChoice, chapter: &Chapter, id: &str) {
    let detail = match detail {
        ViewChoice::Full => Detail::Full,
        ViewChoice::Brief => Detail::Brief,
        ViewChoice::None => return,
    };
    let (chapter, adds) = (chapter.package.cyan().bold(), chapter.adds);
    let view = view::render(seen, detail, width(&stderr()));
    // The empty line parts it from what the command prints.
    output::tell(&format!("{chapter} {id}: {adds}\n{view}\n"));
}
