//! `lab view --watch`: the view, drawn again every second.
//!
//! The terminal has a second screen, which editors use: what was there before comes
//! back at the end. In raw mode Ctrl-C is a key like any other, and no signal.

use std::io::{IsTerminal, Write, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice, eprintln};
use anyhow::Result;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{self, Event as Input, KeyCode, KeyEvent, KeyModifiers};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, queue};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use process::{Error, Step};

use super::{Detail, observe, render};

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Watches a process until q or Ctrl-C, or until it ends. Without a wish for more or
/// less detail, it shows as much as fits.
///
/// # Errors
/// If there is no such process to begin with, or no terminal.
pub fn watch(pid: Pid, detail: Option<Detail>) -> Result<ExitCode> {
    let mut view = observe(pid)?;
    if !stdout().is_terminal() {
        return Err(Error::new("--watch needs a terminal")
            .hint("without --watch the view can be printed anywhere")
            .into());
    }
    let screen = Screen::open()?;
    let ended = loop {
        let (width, height) = size()?;
        let mut text = render(&view, detail.unwrap_or(Detail::Full), width);
        if detail.is_none() && text.lines().count() > height {
            text = render(&view, Detail::Brief, width);
        }
        screen.draw(&text)?;
        match screen.wait()? {
            Event::Look => {}
            Event::Quit => break None,
            Event::Signal(number) => return Ok(ExitCode::from(128 + number)),
        }
        match observe(pid) {
            Ok(next) => view = next,
            Err(error) => break Some(error),
        }
    };
    drop(screen);
    if let Some(error) = ended {
        eprintln!("the container has ended: {error:#}");
    }
    Ok(ExitCode::SUCCESS)
}

/// The columns and rows of the terminal. One that nobody has sized, as on a serial
/// line, says 0; then it is taken for one of the usual size.
fn size() -> Result<(usize, usize)> {
    Ok(match terminal::size()? {
        (0, _) | (_, 0) => (80, 24),
        (columns, rows) => (columns.into(), rows.into()),
    })
}

/// What ends a wait.
enum Event {
    /// It is time to look again, or the terminal has changed its size.
    Look,
    /// The reader has seen enough.
    Quit,
    /// Somebody wants us gone.
    Signal(u8),
}

/// The second screen, for as long as this value lives.
#[must_use = "dropping the screen gives the terminal back"]
struct Screen {
    signals: SignalFd,
}

impl Screen {
    fn open() -> Result<Self> {
        // Dying of a signal would leave the terminal as it is now, so these are kept
        // back and looked for.
        let ends: SigSet = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT].into_iter().collect();
        ends.thread_block().step(|| "block signals")?;
        let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
        let signals = SignalFd::with_flags(&ends, flags).step(|| "make a signalfd")?;
        terminal::enable_raw_mode()?;
        let screen = Self { signals };
        execute!(stdout(), EnterAlternateScreen, Hide)?;
        Ok(screen)
    }

    /// Waits until there is something to do, at most a second.
    fn wait(&self) -> Result<Event> {
        let next = Instant::now() + PAUSE;
        while event::poll(next.saturating_duration_since(Instant::now()))? {
            match event::read()? {
                Input::Key(KeyEvent { code: KeyCode::Char('q') | KeyCode::Esc, .. }) => {
                    return Ok(Event::Quit);
                }
                Input::Key(KeyEvent { code: KeyCode::Char('c'), modifiers, .. })
                    if modifiers.contains(KeyModifiers::CONTROL) =>
                {
                    return Ok(Event::Quit);
                }
                Input::Resize(..) => return Ok(Event::Look),
                _ => {}
            }
        }
        let signal = self.signals.read_signal().ok().flatten();
        Ok(signal.map_or(Event::Look, |signal| Event::Signal(signal.ssi_signo as u8)))
    }

    /// Draws as many lines as there is room for, over what was there before.
    fn draw(&self, text: &str) -> Result<()> {
        let (_, rows) = size()?;
        // Where colours are not wanted, the lines go without; the cursor must move.
        let is_plain = AutoStream::choice(&stdout()) == ColorChoice::Never;
        let text = if is_plain { strip_str(text).to_string() } else { text.to_owned() };
        let mut frame = Vec::new();
        queue!(frame, MoveTo(0, 0))?;
        for (row, line) in text.lines().take(rows).enumerate() {
            let end = if row + 1 == rows { "" } else { "\r\n" };
            write!(frame, "{line}")?;
            queue!(frame, Clear(ClearType::UntilNewLine))?;
            write!(frame, "{end}")?;
        }
        queue!(frame, Clear(ClearType::FromCursorDown))?;
        stdout().write_all(&frame)?;
        stdout().flush()?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = execute!(stdout(), Show, LeaveAlternateScreen);
        let _ = terminal::disable_raw_mode();
    }
}
