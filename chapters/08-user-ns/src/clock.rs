//! Clocks of its own: the time namespace, `CLONE_NEWTIME`.
//!
//! It is the eighth kind, and the smallest. Two of the host's clocks count from its
//! start: `CLOCK_MONOTONIC`, by which programs measure, and `CLOCK_BOOTTIME`, which is
//! what `uptime` shows. Both get an offset in a time namespace, so that a container
//! restored on another host does not see time jump: time_namespaces(7). The clock on
//! the wall, `CLOCK_REALTIME`, is everybody's.
//!
//! ```text
//!   unshare(CLONE_NEWTIME)            we stay where we are, our children will not
//!   monotonic 86400 0  ──▶ /proc/self/timens_offsets
//!   clone                             the first one in: from here on they are fixed
//! ```
//!
//! It is also the strangest. Time must not jump under a running process, so nobody
//! moves into a new time namespace; only a child is born into it. That is why this is
//! no flag of the container's clone: there the child would be in before there was a
//! moment to set the offsets.

use std::fs;

use nix::errno::Errno;
use nix::sched::unshare;
use process::{Error, Namespace, Result, Step, WayBack};
use serde::{Deserialize, Serialize};

/// The command-line options of chapter 8 about clocks.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 08: its own clocks")]
pub struct ClockOptions {
    /// Let the container's uptime be this much more, or less, than the host's
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub clock_offset: Option<i64>,
}

/// The clocks of a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// How much more than the host's they show, in seconds; `None`: they are the host's.
    pub offset: Option<i64>,
}

impl ClockOptions {
    /// What the options mean.
    pub fn resolve(&self) -> Clock {
        Clock { offset: self.clock_offset }
    }
}

impl Clock {
    /// Shifts the clocks of whatever is cloned from now on, until the guard is dropped.
    ///
    /// # Errors
    /// If the host has no time namespaces, or the clock would show less than zero.
    pub fn shift(&self) -> Result<Option<WayBack>> {
        let Some(seconds) = self.offset else { return Ok(None) };
        let back = match WayBack::to_own(Namespace::Time) {
            // In a user namespace, the host's clocks are not ours to come back to. Then all
            // that we clone later has these as well.
            Err(error) if error.errno() == Some(Errno::EPERM) => None,
            back => Some(back.map_err(|error| error.with_hint("time namespaces need Linux 5.6"))?),
        };
        unshare(Namespace::Time.flag()).step(|| "make a time namespace")?;
        let step = || format!("shift the clocks by {seconds} s");
        let offsets = format!("monotonic {seconds} 0\nboottime {seconds} 0\n");
        fs::write("/proc/self/timens_offsets", offsets).step(step).map_err(|error| match error
            .errno()
        {
            Some(Errno::ERANGE) => Error::new(format!("{}: out of range", step()))
                .with_hint("no clock may show less than zero, or more than 146 years"),
            _ => error,
        })?;
        Ok(back)
    }
}
