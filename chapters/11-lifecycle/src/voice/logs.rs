//! `logs`: what a container has said, read from its files.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Write, stderr, stdout};
use std::os::fd::{AsFd, OwnedFd};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use process::record::{self, Known, find_known};
use process::{Error, Result, Step};

use super::log::Line;
use super::log_files::Files;
use super::time::Moment;
use crate::{Life, life};

/// `logs`.
#[derive(Clone, Debug, clap::Args)]
pub struct LogsArgs {
    /// Go on until it has ended
    #[arg(short, long)]
    pub follow: bool,

    /// Only the last lines
    #[arg(short = 'n', long, value_name = "N", value_parser = number_or_all, default_value = "all")]
    pub tail: Tail,

    /// Only what was said since then: 2026-11-29T21:05:00Z, or 10m for ten minutes ago
    #[arg(long, value_name = "TIME")]
    pub since: Option<Moment>,

    /// Only what was said before that
    #[arg(long, value_name = "TIME")]
    pub until: Option<Moment>,

    /// With the time of each line
    #[arg(short, long)]
    pub timestamps: bool,

    /// Its name or id, or the beginning of its id
    pub name: OsString,
}

/// How many of the last lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail(Option<usize>);

fn number_or_all(word: &str) -> Result<Tail, String> {
    match word {
        "all" => Ok(Tail(None)),
        number => {
            number.parse().map(|it| Tail(Some(it))).map_err(|_| "a number, or all".to_owned())
        }
    }
}

/// Prints what a container has said: standard output to ours, and standard error to ours.
///
/// # Errors
/// If there is no such container, or nothing of it was kept.
pub fn logs(args: &LogsArgs) -> Result<()> {
    let it = find_known(&args.name.to_string_lossy())?;
    let dir = life::dir(&it.dir);
    if !dir.exists() {
        return Err(Error::new(format!("container {} has no log", it.word()))
            .with_hint(format!("{} keeps none: chapter 11 does", it.chapter)));
    }
    let end = args.follow.then(|| End::of(&it)).transpose()?;
    let mut files = Files::open(dir.join("log")).step(|| format!("read {}", dir.display()))?;
    let printed = match end {
        None => print_all(args, &mut files),
        Some(end) => print_all(args, &mut files).and_then(|()| follow(args, &mut files, &end)),
    };
    match printed {
        // Nobody reads it any more.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.step(|| format!("print the log {}", dir.join("log").display())),
    }
}

/// What is there already.
fn print_all(args: &LogsArgs, files: &mut Files) -> io::Result<()> {
    let mut last = VecDeque::new();
    while let Some(line) = files.next()? {
        match args.tail.0 {
            _ if !args.is_meant(&line) => {}
            None => args.print(&line)?,
            Some(0) => {}
            Some(most) => {
                if last.len() == most {
                    last.pop_front();
                }
                last.push_back(line);
            }
        }
    }
    last.iter().try_for_each(|line| args.print(line))
}

// ANCHOR: follow
/// What comes until it has ended.
fn follow(args: &LogsArgs, files: &mut Files, end: &End) -> io::Result<()> {
    loop {
        // Asked first: what is said before the end is in the files when that has come.
        let is_over = end.has_come();
        while let Some(line) = files.next()? {
            if args.until.is_some_and(|until| Moment::read(&line.time) > Some(until)) {
                return Ok(());
            }
            if args.is_meant(&line) {
                args.print(&line)?;
            }
        }
        if is_over || args.until.is_some_and(|until| Moment::now() > until) {
            return Ok(());
        }
        end.wait()?;
    }
}
// ANCHOR_END: follow

impl LogsArgs {
    fn is_meant(&self, line: &Line) -> bool {
        let time = Moment::read(&line.time);
        self.since.is_none_or(|since| time >= Some(since))
            && self.until.is_none_or(|until| time <= Some(until))
    }

    fn print(&self, line: &Line) -> io::Result<()> {
        let time = if self.timestamps { format!("{} ", line.time) } else { String::new() };
        let text = [time.as_bytes(), line.log.as_bytes()].concat();
        if line.stream == "stderr" {
            return stderr().write_all(&text);
        }
        stdout().write_all(&text)?;
        // Of a piece of a line, what has no newline waits in a buffer.
        stdout().flush()
    }
}

/// How somebody who follows is told that something has happened.
struct End {
    id: String,
    changes: Inotify,
    monitor: Option<OwnedFd>,
}

impl End {
    fn of(it: &Known) -> Result<Self> {
        let dir = life::dir(&it.dir);
        let step = || format!("watch {}", dir.display());
        let changes = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).step(step)?;
        let events = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_MOVE | AddWatchFlags::IN_CREATE;
        changes.add_watch(&dir, events).step(step)?;
        let monitor = Life::read(&it.dir)?.monitor;
        let monitor = monitor.as_ref().map_or(Ok(None), |it| it.open())?;
        Ok(Self { id: it.id.clone(), changes, monitor })
    }

    fn has_come(&self) -> bool {
        self.monitor.is_none() || !record::is_owned(&record::of(&self.id))
    }

    /// Waits until something is written, or the monitor is gone.
    fn wait(&self) -> io::Result<()> {
        let changes = PollFd::new(self.changes.as_fd(), PollFlags::POLLIN);
        let monitor = self.monitor.iter().map(|it| PollFd::new(it.as_fd(), PollFlags::POLLIN));
        let mut both: Vec<_> = std::iter::once(changes).chain(monitor).collect();
        // A name may be missed between two looks, and a moment come in which nothing happens.
        poll(&mut both, PollTimeout::from(1000_u16))?;
        let _ = self.changes.read_events();
        Ok(())
    }
}
