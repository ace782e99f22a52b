//! `lab exercise watch`: checks at each save.
//!
//! Editors write a file in different ways: over the old one, or beside it and then in its
//! place. So it is the directory that is watched, inotify(7), and a check waits until
//! nothing has happened for a moment.
//!
//! The keyboard is raw only while we wait, and is given back on every way out.

use std::io::{IsTerminal, stdin, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anstream::{print, println};
use colored::Colorize;
use crossterm::cursor::MoveTo;
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::execute;
use crossterm::terminal::{self, Clear, ClearType};
use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use process::{Error, Result, Step};

use super::bench::Bench;
use super::course::Exercise;
use super::desk::Desk;
use super::{attempt, help};

/// How long nothing must have happened.
const QUIET: Duration = Duration::from_millis(100);
/// Between two looks at the directory.
const PAUSE: Duration = Duration::from_millis(30);

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
pub fn run(desk: &mut Desk, mut exercise: Exercise) -> anyhow::Result<ExitCode> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(Error::new("watch needs a terminal")
            .hint("lab exercise check can be run anywhere")
            .into());
    }
    let bench = attempt::bench(desk)?;
    let signals = Signals::keep_back()?;
    let mut files = Files::watch(desk, &exercise)?;
    check(desk, &bench, &exercise)?;
    loop {
        match wait(&files, &signals)? {
            Wake::Saved | Wake::Key('c') => check(desk, &bench, &exercise)?,
            Wake::Key('n') => match desk.first_unsolved()? {
                Some(next) => {
                    exercise = desk.take(Some(&next.name))?;
                    files = Files::watch(desk, &exercise)?;
                    clear()?;
                    desk.show(&exercise)?;
                }
                None => println!("All exercises are solved."),
            },
            Wake::Key('h') => help::hint(desk, &exercise)?,
            Wake::Key('l') => desk.list()?,
            Wake::Key('r') => help::reset(desk, &exercise, false)?,
            Wake::Key('q') => return Ok(ExitCode::SUCCESS),
            Wake::Key(_) => {}
            Wake::Signal(number) => return Ok(ExitCode::from(128 + number)),
        }
    }
}

fn check(desk: &mut Desk, bench: &Bench, exercise: &Exercise) -> Result<()> {
    clear()?;
    println!("checking {} …", exercise.name.bold());
    let verdict = attempt::check(desk, bench, exercise)?;
    clear()?;
    attempt::show(desk, exercise, &verdict)
}

fn clear() -> Result<()> {
    execute!(stdout(), Clear(ClearType::All), MoveTo(0, 0)).step(|| "clear the screen")
}

fn wait(files: &Files, signals: &Signals) -> Result<Wake> {
    let _raw = Raw::on()?;
    // Raw, a line feed does not return to the first column.
    print!("\r\n{}\r\n", "n next · h hint · l list · c check · r reset · q quit".dimmed());
    let mut saved: Option<Instant> = None;
    loop {
        if event::poll(PAUSE).step(|| "wait for a key")?
            && let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) =
                event::read().step(|| "read a key")?
        {
            match code {
                KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => {
                    return Ok(Wake::Key('q'));
                }
                KeyCode::Char(key) => return Ok(Wake::Key(key)),
                _ => {}
            }
        }
        if let Some(number) = signals.arrived() {
            return Ok(Wake::Signal(number));
        }
        if files.have_changed()? {
            saved = Some(Instant::now());
        }
        if saved.is_some_and(|saved| saved.elapsed() > QUIET) {
            return Ok(Wake::Saved);
        }
    }
}

/// The directory of the learner's files.
struct Files {
    inotify: Inotify,
    names: Vec<String>,
}

impl Files {
    fn watch(desk: &Desk, exercise: &Exercise) -> Result<Self> {
        let step = || "watch the files";
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).step(step)?;
        let names = exercise.about.edit.clone();
        for name in &names {
            let path = desk.copy.path_of(exercise, name);
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

/// The signals that would end us with the keyboard still raw.
struct Signals(SignalFd);

impl Signals {
    fn keep_back() -> Result<Self> {
        let ends: SigSet = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT].into_iter().collect();
        ends.thread_block().step(|| "block signals")?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        SignalFd::with_flags(&ends, flags).map(Self).step(|| "make a signalfd")
    }

    fn arrived(&self) -> Option<u8> {
        self.0.read_signal().ok().flatten().map(|signal| signal.ssi_signo as u8)
    }
}

/// A raw keyboard, for as long as this value lives.
struct Raw;

impl Raw {
    fn on() -> Result<Self> {
        terminal::enable_raw_mode().step(|| "read single keys")?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = terminal::disable_raw_mode();
    }
}
