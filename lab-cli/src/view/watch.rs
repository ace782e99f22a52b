//! `lab view --watch`: the view, drawn again every second.
//!
//! The terminal has a second screen, which editors use: what was there before comes
//! back at the end. In raw mode Ctrl-C is a key like any other, and no signal.

use std::io::{IsTerminal, Write, stdout};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anyhow::Result;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::terminal::{self, Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{execute, queue};
use process::Error;

use super::look::{Subject, observe};
use super::render::{Detail, render};
use crate::keyboard::{CTRL_C, ESC, Event, Keyboard, Raw};
use crate::output;

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// Watches a process until q or Ctrl-C, or until it ends. Without a wish for more or
/// less detail, it shows as much as fits.
///
/// # Errors
/// If there is no such process to begin with, or no terminal.
pub fn watch(subject: Subject, detail: Option<Detail>) -> Result<ExitCode> {
    let mut view = observe(subject)?;
    if !stdout().is_terminal() {
        return Err(Error::new("--watch needs a terminal")
            .with_hint("without --watch the view can be printed anywhere")
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
            Event::Key(_) => break None,
            Event::Signal(number) => return Ok(ExitCode::from(128 + number)),
            _ => {}
        }
        match observe(subject) {
            Ok(next) => view = next,
            Err(error) => break Some(error),
        }
    };
    drop(screen);
    if let Some(error) = ended {
        output::tell(&format!("the container has ended: {error:#}\n"));
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

/// The second screen, for as long as this value lives.
#[must_use = "dropping the screen gives the terminal back"]
struct Screen {
    keyboard: Keyboard,
    _raw: Raw,
}

impl Screen {
    fn open() -> Result<Self> {
        let keyboard = Keyboard::open()?;
        let screen = Self { _raw: keyboard.raw()?, keyboard };
        execute!(stdout(), EnterAlternateScreen, Hide)?;
        Ok(screen)
    }

    /// Waits until there is something to do, at most a second: a key is one that ends it.
    fn wait(&self) -> Result<Event> {
        let next = Instant::now() + PAUSE;
        loop {
            let rest = next.saturating_duration_since(Instant::now());
            match self.keyboard.wait(None, Some(rest))? {
                Event::Timeout if !rest.is_zero() => {}
                Event::Key(key) if !matches!(key, 'q' | ESC | CTRL_C) => {}
                event => return Ok(event),
            }
        }
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
    }
}
