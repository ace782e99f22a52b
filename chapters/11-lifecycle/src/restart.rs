//! Started again without being asked: `--restart`, and how soon.
//!
//! A command that fails at once would be started some hundred times a second. So each start
//! waits twice as long as the one before, and one that has lived for a while begins anew:
//!
//! ```text
//!   lived   0.1 s   0.1 s   0.1 s     …                10 s
//!   waits   100 ms  200 ms  400 ms    … 1 min at most  100 ms
//! ```
//!
//! Nothing is started when the host starts. For that, somebody has to be started with it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use process::{Error, ExitStatus};
use serde::{Deserialize, Serialize};

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST: Duration = Duration::from_secs(60);
/// A container that has lived as long was well.
const WELL: Duration = Duration::from_secs(10);

/// When a container is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// When its exit code is not 0; so many times at most, if that is said.
    OnFailure(Option<u32>),
    /// Each time, unless somebody has stopped it.
    Always,
}

impl Restart {
    // ANCHOR: wants
    /// Whether one that has ended so is started once more, having been so `restarts` times.
    pub fn wants(self, status: ExitStatus, restarts: u32) -> bool {
        match self {
            Self::No => false,
            Self::OnFailure(most) => status.code() != 0 && most.is_none_or(|most| restarts < most),
            Self::Always => true,
        }
    }
    // ANCHOR_END: wants
}

impl FromStr for Restart {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let (name, most) = match word.split_once(':') {
            Some((name, most)) => (name, Some(most)),
            None => (word, None),
        };
        match (name, most) {
            ("no", None) => Ok(Self::No),
            ("always", None) => Ok(Self::Always),
            ("on-failure", None) => Ok(Self::OnFailure(None)),
            ("on-failure", Some(most)) => most
                .parse()
                .map(|most| Self::OnFailure(Some(most)))
                .map_err(|_| Error::new(format!("`{most}` is no number of times"))),
            ("unless-stopped", _) => Err(Error::new(
                "unless-stopped differs from always when the host starts, and nothing is \
                 started then: say always",
            )),
            (_, Some(_)) => Err(Error::new("only on-failure takes a number of times")),
            _ => Err(Error::new("one of no, on-failure[:N] and always")),
        }
    }
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::No => f.write_str("no"),
            Self::OnFailure(None) => f.write_str("on-failure"),
            Self::OnFailure(Some(most)) => write!(f, "on-failure:{most}"),
            Self::Always => f.write_str("always"),
        }
    }
}

/// How long the next start waits.
#[derive(Debug)]
pub(crate) struct Backoff(Duration);

impl Backoff {
    /// That of the first start.
    pub fn new() -> Self {
        Self(FIRST)
    }

    /// That of the next one, after a life that has lasted so long.
    pub fn after(&mut self, life: Duration) -> Duration {
        if life >= WELL {
            self.0 = FIRST;
        }
        let now = self.0;
        self.0 = (now * 2).min(LONGEST);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_the_one_before_and_a_long_life_begins_anew() {
        let mut backoff = Backoff::new();
        let waits: Vec<_> = (0..12).map(|_| backoff.after(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits[..4], [100, 200, 400, 800]);
        assert_eq!(waits[10..], [60_000, 60_000]);
        assert_eq!(backoff.after(WELL), FIRST);
        assert_eq!(backoff.after(Duration::ZERO), FIRST * 2);
    }

    #[test]
    fn a_policy_is_read_as_it_is_written() {
        for word in ["no", "always", "on-failure", "on-failure:3"] {
            assert_eq!(word.parse::<Restart>().expect(word).to_string(), word);
        }
        for word in ["", "never", "always:3", "on-failure:", "on-failure:-1", "unless-stopped"] {
            word.parse::<Restart>().expect_err(word);
        }
    }

    #[test]
    fn a_failure_is_tried_again_as_often_as_was_said() {
        let (failed, done) = (ExitStatus::Exited(1), ExitStatus::Exited(0));
        let twice = Restart::OnFailure(Some(2));
        assert!(twice.wants(failed, 1) && !twice.wants(failed, 2) && !twice.wants(done, 0));
        assert!(Restart::Always.wants(done, 1000) && !Restart::No.wants(failed, 0));
    }
}
