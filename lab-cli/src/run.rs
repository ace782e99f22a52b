//! `lab run`: a container of any chapter, and what host and container see.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write, stderr, stdin, stdout};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use cgroups::Used;
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum};
use colored::Colorize;
use net_ns::NetworkOptions;
use nix::unistd::geteuid;
use overlay::Changes;
use process::{Container, Outcome, POWERLESS_ROOT, Step};
use serde::Serialize;
use user_ns::rootless::World;

use crate::chapters::{AllOptions, Chapter, DefaultRoot, parser};
use crate::columns::width;
use crate::namespace::Kind;
use crate::view::{self, Detail, View};
use crate::{clean, output, rootfs, streams, summary};

/// `lab run [OPTIONS] CHAPTER [--] COMMAND`: our own options here, the chapters' in
/// `matches`, from which each takes what it knows.
#[derive(Clone)]
pub struct RunArgs {
    own: OwnArgs,
    matches: ArgMatches,
}

#[derive(Args, Clone)]
struct OwnArgs {
    /// The chapter: chapter-07, 07, 7 or overlay
    #[arg(value_name = "CHAPTER", value_parser = parser(), hide_possible_values = true)]
    chapter: &'static Chapter,

    /// How much to show of what host and container see
    /// [default: brief on a terminal, none in a pipe]
    #[arg(long, value_name = "DETAIL")]
    view: Option<ViewChoice>,

    /// Write everything that was seen to a file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,

    /// Leave alone what a killed run has left
    // For `lab attack`, which kills a runtime to see what becomes of its container.
    #[arg(long, hide = true)]
    no_sweep: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ViewChoice {
    Full,
    Brief,
    None,
}

impl Args for RunArgs {
    fn augment_args(command: Command) -> Command {
        let all = AllOptions::augment_args(Command::new("all"));
        let mut options: Vec<Arg> = all.get_arguments().cloned().collect();
        // In the order of the chapters; the command has no heading, and stands by itself.
        options.sort_by_key(|option| option.get_help_heading().map(str::to_owned));
        let position = |option: Arg| {
            if option.is_positional() { option.help_heading(None::<&str>) } else { option }
        };
        OwnArgs::augment_args(command)
            .args(options.into_iter().map(position))
            .groups(all.get_groups().cloned())
            .after_help("lab run chapter-03 --help shows what chapter 3 takes, and no more.")
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RunArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { own: OwnArgs::from_arg_matches(matches)?, matches: matches.clone() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Creates the container, shows it, starts it, waits, and tells how it went.
///
/// # Errors
/// If the runtime fails; a command that fails is a status, no error.
pub fn run(args: &RunArgs) -> Result<ExitCode> {
    let OwnArgs { chapter, view, ref json, no_sweep } = args.own;
    chapter.refuse_later_options(&args.matches)?;
    become_root(chapter, &args.matches)?;
    if !no_sweep {
        clean::sweep_before_run();
    }
    let rootfs = default_root(chapter, &args.matches)?;
    // Before anything is made: what was seen could not be seen again.
    let create = |path: &PathBuf| File::create(path).step(|| format!("create {}", path.display()));
    let json = json.as_ref().map(create).transpose()?;
    let mut container = chapter.create(&args.matches, rootfs)?;

    for note in container.notes() {
        output::note(&note);
    }

    let detail = view.unwrap_or_else(|| {
        if stderr().is_terminal() && stdout().is_terminal() {
            ViewChoice::Brief
        } else {
            ViewChoice::None
        }
    });
    let seen = if detail == ViewChoice::None && json.is_none() {
        None
    } else {
        // Looking must not keep anything from running.
        view::observe(container.process().pid())
            .inspect_err(|error| output::warn(&format!("no view: {error:#}"), None))
            .ok()
    };
    if let Some(seen) = &seen {
        show(seen, detail, chapter, &container);
    }
    if stdin().is_terminal() && stderr().is_terminal() && ignores_keys(chapter, &args.matches) {
        let pid = container.process().pid();
        let ways_out = format!("use --init, or from outside: kill -9 {pid}");
        output::note(&format!("PID 1 may ignore Ctrl-C: {ways_out}"));
    }

    let is_other = args.matches.contains_id("user")
        && args.matches.get_one::<String>("user").is_some()
        || streams::has_other_root(container.process().pid());
    let outcome = container.run()?;
    if let Some(text) = streams::closed_to_others()
        && is_other
        && outcome.status.code() != 0
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
        if let Err(error) = write(file, &report) {
            output::warn(&format!("write the report: {error}"), None);
        }
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
    let container = chapter.create(&args.matches, default_root(chapter, &args.matches)?)?;
    container.start()?;
    Ok(container)
}

fn write(file: File, report: &Report<'_>) -> std::io::Result<()> {
    let mut file = BufWriter::new(file);
    serde_json::to_writer_pretty(&mut file, report)?;
    file.flush()
}

/// Lets who has not the power of root be root of a user namespace, from the first chapter
/// on that needs one; there this program starts again.
fn become_root(chapter: &Chapter, matches: &ArgMatches) -> Result<()> {
    if process::is_privileged() || chapter.root == DefaultRoot::Host {
        return Ok(());
    }
    output::note(&format!("{}: this runs in a user namespace, chapter 8 explains it", lack()));
    if !chapter.has_own(Kind::Net) {
        return Ok(user_ns::rootless::enter(World::Shared)?);
    }
    let network = NetworkOptions::from_arg_matches(matches)?;
    Ok(user_ns::rootless::become_root(&network, output::note)?)
}

/// What this user is not, or has not.
pub fn lack() -> &'static str {
    if geteuid().is_root() { POWERLESS_ROOT } else { "not root" }
}

/// The root a chapter runs in when none is named; also says if it looks damaged.
fn default_root(chapter: &Chapter, matches: &ArgMatches) -> Result<Option<PathBuf>> {
    if matches.contains_id("rootfs") && matches.get_one::<PathBuf>("rootfs").is_some() {
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
fn ignores_keys(chapter: &Chapter, matches: &ArgMatches) -> bool {
    let has_init = matches.get_one("init") == Some(&true);
    let words = matches.get_many::<OsString>("command");
    let program = words.and_then(|mut words| words.next()).map(Path::new);
    let name = program.and_then(Path::file_name).and_then(OsStr::to_str).unwrap_or_default();
    chapter.has_own(Kind::Pid) && !has_init && !name.ends_with("sh")
}

fn show(seen: &View, detail: ViewChoice, chapter: &Chapter, container: &Container) {
    let detail = match detail {
        ViewChoice::Full => Detail::Full,
        ViewChoice::Brief => Detail::Brief,
        ViewChoice::None => return,
    };
    let (chapter, adds) = (chapter.package.cyan().bold(), chapter.adds);
    let view = view::render(seen, detail, width(&stderr()));
    // The empty line parts it from what the command prints.
    output::tell(&format!("{chapter} {}: {adds}\n{view}\n", container.state().id()));
}

/// What `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    chapter: &'a str,
    id: &'a str,
    view: Option<View>,
    outcome: OutcomeJson<'a>,
}

/// An [`Outcome`], with times in microseconds and sizes in bytes.
#[derive(Serialize)]
struct OutcomeJson<'a> {
    exit_code: u8,
    duration_usec: u128,
    peak_memory_bytes: Option<u64>,
    cpu_usec: Option<u128>,
    throttled_usec: Option<u128>,
    killed_by: Option<&'a str>,
    oom_kills: Option<u64>,
    /// `A /etc/motd`
    changes: Option<Vec<String>>,
}

impl<'a> From<&'a Outcome> for OutcomeJson<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        let used: Option<&Used> = outcome.entry();
        let changes: Option<&Changes> = outcome.entry();
        let usec = |time: Duration| time.as_micros();
        Self {
            exit_code: outcome.status.code(),
            duration_usec: outcome.duration.as_micros(),
            peak_memory_bytes: used.and_then(|used| used.peak_memory),
            cpu_usec: used.and_then(|used| used.cpu_time).map(usec),
            throttled_usec: used.and_then(|used| used.throttled).map(usec),
            killed_by: used.and_then(|used| used.killed_by.as_deref()),
            oom_kills: used.and_then(|used| used.oom_kills),
            changes: changes.map(|Changes(list)| {
                list.iter().map(|it| format!("{} {}", it.kind, spell(&it.path))).collect()
            }),
        }
    }
}

/// A path for JSON. One that is no text is spelled like in a shell, `$'/caf\351'`, so that no
/// two are the same.
pub fn spell(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let spell = |byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        byte => format!("\\{byte:03o}"),
    };
    match str::from_utf8(bytes) {
        Ok(path) => path.to_owned(),
        Err(_) => format!("$'{}'", bytes.iter().map(spell).collect::<String>()),
    }
}
