//! The wait for the end: what arrives meanwhile is for the process, or tells of it.

use std::os::fd::{AsFd, OwnedFd};

use super::Process;
use crate::signals::Arrived;
use crate::{Change, Error, ExitStatus, Result, Step, sys};

impl Process {
    /// Waits for the end, forwarding signals and job control meanwhile.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        while self.ended.is_none() {
            let signal = self.signals.wait()?;
            self.heed(&signal)?;
        }
        self.ended.map(|(status, _)| status).ok_or_else(|| Error::new("still running"))
    }

    /// A descriptor that can be read from when [`Self::has_ended`] has something to do, for
    /// who waits for more than this process: poll(2).
    ///
    /// # Errors
    /// If there is none.
    pub fn signals(&self) -> Result<OwnedFd> {
        self.signals.listen()
    }

    /// How it has ended, if it has: does what [`Self::wait`] does, without waiting.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub fn has_ended(&mut self) -> Result<Option<ExitStatus>> {
        while self.ended.is_none()
            && let Some(signal) = self.signals.next()?
        {
            self.heed(&signal)?;
        }
        Ok(self.ended.map(|(status, _)| status))
    }

    fn heed(&mut self, signal: &Arrived) -> Result<()> {
        match (signal.number, &self.terminal) {
            (libc::SIGCHLD, _) => self.look()?,
            (libc::SIGCONT, None) => {}
            // A key has reached the whole foreground group, and with it the container,
            // unless that has a group of its own.
            (_, None) if signal.from_terminal => {}
            (number, None) => self.forward(number),
            (number, Some(terminal)) => {
                terminal.resume(self.pid);
                self.forward(number);
            }
        }
        Ok(())
    }

    /// Sends a signal on; the container may have ended already, which is fine.
    pub(super) fn forward(&self, number: i32) {
        let _ = sys::pidfd_send_signal(self.pidfd.as_fd(), number);
    }

    /// Asks the kernel what has become of the process.
    fn look(&mut self) -> Result<()> {
        let news = Change::of(self.pidfd.as_fd()).step(|| "wait for the container")?;
        match news {
            Some(Change::Ended(status)) => self.end(status),
            // Ctrl-Z: the shell that started us shall see *us* stopped. When it
            // continues us, the container goes on as well.
            Some(Change::Stopped) => {
                if let Some(terminal) = &self.terminal {
                    terminal.suspend();
                    terminal.resume(self.pid);
                }
            }
            None => {}
        }
        Ok(())
    }

    fn end(&mut self, status: ExitStatus) {
        self.ended = Some((status, self.created.elapsed()));
        self.listener.take();
        if let Some(terminal) = &self.terminal {
            terminal.restore();
        }
    }
}
