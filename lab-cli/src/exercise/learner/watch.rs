//! `lab exercise watch`: checks at each save.
//!
//! Editors write a file in different ways: over the old one, or beside it and then in its
//! place. So it is the directory that is watched, inotify(7), and a check waits until
//! nothing has happened for a moment.
//!
//! The keyboard is raw only while we wait: what is printed meanwhile are plain lines.

use std::io::{IsTerminal, stdin, stdout};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::Duration;

use colored::Colorize;
use crossterm::cursor::MoveTo;
use crossterm::execute;
use crossterm::terminal::{Clear, ClearType};
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use process::{Error, Result, Step};

use super::session::Session;
use super::{attempt, container, help};
use crate::exercise::checker::tools::Tools;
use crate::exercise::course::Exercise;
use crate::keyboard::{CTRL_C, Event, Keyboard};
use crate::output::println;

/// How long nothing must have happened.
const QUIET: Duration = Duration::from_millis(100);

/// What ends a wait.
enum Wake {
    Saved,
    Key(char),
    Signal(u8),
}

/// Watches until `q`.
///
/// # Errors
/// If there is no terminal, or a check cannot be done.
pub fn run(session: &mut Session, mut exercise: Exercise) -> anyhow::Result<ExitCode> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(Error::new("watch needs a terminal")
            .with_hint("lab exercise check can be run anywhere")
            .into());
    }
    let tools = attempt::tools(session)?;
    let keyboard = Keyboard::open()?;
    let mut files = Files::watch(session, &exercise)?;
    check(session, &tools, &exercise)?;
    loop {
        println!("\n{}", "n next · h hint · l list · c check · r reset · q quit".dimmed());
        match wait(&files, &keyboard, &['n', 'h', 'l', 'c', 'r', 'q', CTRL_C])? {
            Wake::Saved | Wake::Key('c') => check(session, &tools, &exercise)?,
            Wake::Key('n') => match session.first_unsolved()? {
                Some(next) => {
                    exercise = session.take(Some(&next.name))?;
                    files = Files::watch(session, &exercise)?;
                    clear()?;
                    session.show(&exercise)?;
                    container::start(&session.copy, &exercise)?;
                }
                None => println!("All exercises are solved."),
            },
            Wake::Key('h') => help::hint(session, &exercise)?,
            Wake::Key('l') => session.list()?,
            Wake::Key('r') => {
                println!("put the starter of {} back? y or n", exercise.name);
                if let Wake::Key('y') = wait(&files, &keyboard, &['y', 'n', CTRL_C])? {
                    help::reset(session, &exercise, true)?;
                }
            }
            Wake::Key(_) => return Ok(ExitCode::SUCCESS),
            Wake::Signal(number) => return Ok(ExitCode::from(128 + number)),
        }
    }
}

fn check(session: &mut Session, tools: &Tools, exercise: &Exercise) -> Result<()> {
    clear()?;
    println!("checking {} …", exercise.name.bold());
    let verdict = attempt::check(session, tools, exercise)?;
    clear()?;
    attempt::show(session, exercise, &verdict)
}

fn clear() -> Result<()> {
    execute!(stdout(), Clear(ClearType::All), MoveTo(0, 0)).step(|| "clear the screen")
}

/// Waits for one of these keys, or until something was saved and nothing more came.
fn wait(files: &Files, keyboard: &Keyboard, keys: &[char]) -> Result<Wake> {
    let _raw = keyboard.raw()?;
    let mut quiet = None;
    loop {
        match keyboard.wait(Some(files.inotify.as_fd()), quiet)? {
            Event::Key(key) if keys.contains(&key) => return Ok(Wake::Key(key)),
            Event::Signal(number) => return Ok(Wake::Signal(number)),
            Event::Other if files.have_changed()? => quiet = Some(QUIET),
            Event::Timeout if quiet.is_some() => return Ok(Wake::Saved),
            _ => {}
        }
    }
}

/// The directory of the learner's files.
struct Files {
    inotify: Inotify,
    names: Vec<String>,
}

impl Files {
    fn watch(session: &Session, exercise: &Exercise) -> Result<Self> {
        let step = || "watch the files";
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).step(step)?;
        let names = exercise.about.edit.clone();
        for name in &names {
            let path = session.copy.path_of(exercise, name);
            let dir = path.parent().unwrap_or(&path);
            let changes = AddWatchFlags::IN_CLOSE_WRITE | AddWatchFlags::IN_MOVED_TO;
            inotify.add_watch(dir, changes).step(|| format!("watch {}", dir.display()))?;
        }
        Ok(Self { inotify, names })
    }

    fn have_changed(&self) -> Result<bool> {
        match self.inotify.read_events() {
            Ok(events) => Ok(events.iter().any(|event| {
                let name = event.name.as_ref().and_then(|name| name.to_str());
                name.is_some_and(|name| self.names.iter().any(|ours| ours == name))
            })),
            Err(Errno::EAGAIN) => Ok(false),
            Err(errno) => Err(Error::from_errno("watch the files", errno)),
        }
    }
}
