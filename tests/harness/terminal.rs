//! A program on a real pseudo-terminal, with somebody typing: pty(7).

use std::fs::File;
use std::io::{Read, Write};
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::tcgetpgrp;
use regex::bytes::Regex;

use crate::{DEADLINE, eventually, sys};

/// A terminal, and the program that was started on it.
pub struct Terminal {
    keyboard_and_screen: PtyMaster,
    program: Child,
    /// What has appeared, and was not asked for yet.
    seen: Vec<u8>,
}

/// A pseudo-terminal, and a function that opens the end for programs.
///
/// Neither is inherited by the programs of other tests, who would keep it open.
pub fn pair() -> (PtyMaster, impl Fn() -> File) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let master = posix_openpt(flags).expect("a pseudo-terminal");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("its other end");
    let path = ptsname_r(&master).expect("its name");
    let open = move || {
        let mut options = File::options();
        options.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits());
        options.open(&path).expect("its other end")
    };
    (master, open)
}

/// Starts a program on a new terminal, without echo.
///
/// Wait for its prompt before typing: what is typed earlier may be lost, when the
/// program sets the terminal up.
pub fn on_terminal(mut command: Command) -> Terminal {
    let (master, open) = pair();
    let end = open();
    let mut settings = tcgetattr(&end).expect("a terminal");
    settings.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&end, SetArg::TCSANOW, &settings).expect("a terminal");
    let end = || Stdio::from(end.try_clone().expect("a descriptor"));
    command.stdin(end()).stdout(end()).stderr(end());
    sys::control_terminal(&mut command);
    let program = command.spawn().expect("the program starts");
    Terminal { keyboard_and_screen: master, program, seen: Vec::new() }
}

impl Terminal {
    /// Presses keys.
    pub fn send(&mut self, keys: &str) {
        self.keyboard_and_screen.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// Types a line.
    pub fn send_line(&mut self, line: &str) {
        self.send(&format!("{line}\n"));
    }

    /// Presses a key together with Ctrl.
    pub fn send_control(&mut self, key: char) {
        self.send(&char::from(key as u8 & 0x1f).to_string());
    }

    /// Makes it another size, and tells the programs: SIGWINCH.
    pub fn resize(&self, rows: u16, columns: u16) {
        sys::set_window_size(&self.keyboard_and_screen, rows, columns).expect("a terminal");
    }

    /// The name of the leader of the process group that has the keyboard.
    pub fn foreground_name(&self) -> String {
        let group = tcgetpgrp(&self.keyboard_and_screen).expect("a terminal");
        let name = std::fs::read(format!("/proc/{group}/comm")).unwrap_or_default();
        String::from_utf8_lossy(&name).trim().to_owned()
    }

    /// Waits until this appears, and returns what appeared before it.
    #[track_caller]
    pub fn expect(&mut self, text: &str) -> String {
        let text = text.as_bytes();
        self.expect_where(&format!("{:?}", String::from_utf8_lossy(text)), |seen| {
            let at = seen.windows(text.len()).position(|window| window == text)?;
            Some(at..at + text.len())
        })
    }

    /// The same with a pattern.
    #[track_caller]
    pub fn expect_match(&mut self, pattern: &Regex) -> String {
        self.expect_where(pattern.as_str(), |seen| Some(pattern.find(seen)?.range()))
    }

    /// Waits for the program's end, and returns what appeared until then.
    #[track_caller]
    pub fn expect_end(&mut self) -> String {
        let start = Instant::now();
        while self.read(start).expect("it ends in time") {}
        let program = &mut self.program;
        eventually("it ends", || program.try_wait().expect("our child").is_some());
        String::from_utf8_lossy(&std::mem::take(&mut self.seen)).into_owned()
    }

    #[track_caller]
    fn expect_where(&mut self, what: &str, find: impl Fn(&[u8]) -> Option<Range<usize>>) -> String {
        let start = Instant::now();
        loop {
            if let Some(found) = find(&self.seen) {
                let before = String::from_utf8_lossy(&self.seen[..found.start]).into_owned();
                self.seen.drain(..found.end);
                return before;
            }
            if self.read(start) != Some(true) {
                let seen = String::from_utf8_lossy(&self.seen);
                panic!("{what} did not appear, but {seen:?}");
            }
        }
    }

    /// Reads what has appeared; `false` if nobody has the terminal any more, and `None` if
    /// the time is over.
    fn read(&mut self, start: Instant) -> Option<bool> {
        let left = DEADLINE.checked_sub(start.elapsed())?;
        let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
        let screen = PollFd::new(self.keyboard_and_screen.as_fd(), PollFlags::POLLIN);
        if poll(&mut [screen], timeout) == Ok(0) {
            return None;
        }
        let mut bytes = [0; 4096];
        // EIO is the end of a terminal.
        let length = self.keyboard_and_screen.read(&mut bytes).unwrap_or(0);
        self.seen.extend_from_slice(&bytes[..length]);
        Some(length > 0)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Only of a test that has failed: all others wait for the end.
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}
