//! Resource limits: `--ulimit nofile=1024:2048`.
//!
//! Older than cgroups and per *process*: open files, stack size, the size of a file it
//! writes. Each limit is a pair, getrlimit(2):
//!
//! ```text
//!   soft   what is enforced; the process may move it up to the hard limit
//!   hard   the ceiling; anybody may lower it, only CAP_SYS_RESOURCE may raise it
//! ```
//!
//! A child gets its parent's, so the container would get those of our caller, and
//! lowering is for good: the container has no CAP_SYS_RESOURCE. `nproc` counts all
//! processes of a *user* on the host; for a container `--pids-limit` is meant.

use std::str::FromStr;

use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

/// Docker's names.
const NAMES: [(&str, Resource); 15] = [
    ("core", Resource::RLIMIT_CORE),
    ("cpu", Resource::RLIMIT_CPU),
    ("data", Resource::RLIMIT_DATA),
    ("fsize", Resource::RLIMIT_FSIZE),
    ("locks", Resource::RLIMIT_LOCKS),
    ("memlock", Resource::RLIMIT_MEMLOCK),
    ("msgqueue", Resource::RLIMIT_MSGQUEUE),
    ("nice", Resource::RLIMIT_NICE),
    ("nofile", Resource::RLIMIT_NOFILE),
    ("nproc", Resource::RLIMIT_NPROC),
    ("rss", Resource::RLIMIT_RSS),
    ("rtprio", Resource::RLIMIT_RTPRIO),
    ("rttime", Resource::RLIMIT_RTTIME),
    ("sigpending", Resource::RLIMIT_SIGPENDING),
    ("stack", Resource::RLIMIT_STACK),
];

/// `NAME=SOFT[:HARD]`, in the unit of the resource: bytes, seconds, or a number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    /// Which, in Docker's words: the kernel's without `RLIMIT_`, such as `nofile`.
    pub name: String,
    /// What is enforced; [`RLIM_INFINITY`] for no limit.
    pub soft: u64,
    /// How far the process itself may raise it.
    pub hard: u64,
}

impl FromStr for Ulimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, limits) = text.split_once('=').ok_or("expected NAME=SOFT[:HARD]")?;
        resource(name)?;
        let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
        let (soft, hard) = (number(soft)?, number(hard)?);
        if soft <= hard {
            Ok(Self { name: name.to_owned(), soft, hard })
        } else {
            Err(format!("the soft limit {soft} is above the hard limit {hard}"))
        }
    }
}

fn resource(name: &str) -> Result<Resource, String> {
    let known = NAMES.iter().find(|(known, _)| *known == name);
    known.map(|&(_, resource)| resource).ok_or_else(|| {
        let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
        format!("there is no limit {name}: use one of {}", names.join(", "))
    })
}

fn number(text: &str) -> Result<u64, String> {
    match text {
        "-1" | "unlimited" => Ok(RLIM_INFINITY),
        number => number.parse().map_err(|_| format!("{number}: expected a number or -1")),
    }
}

impl Ulimit {
    /// Sets the limit on this process, and so on all it will start.
    pub(crate) fn set(&self) -> Result<()> {
        let Self { name, soft, hard } = self;
        let (soft, hard) = (*soft, *hard);
        let resource = resource(name).map_err(Error::new)?;
        let before = getrlimit(resource).step(|| format!("read the limit {name}"))?;
        setrlimit(resource, soft, hard)
            .step(|| format!("--ulimit {name}: set the hard limit to {}", show(hard)))
            .map_err(|error| match error.errno() {
                Some(Errno::EPERM) => error.with_hint(format!(
                    "it is {} here, and only CAP_SYS_RESOURCE may raise it",
                    show(before.1)
                )),
                _ => error,
            })
    }
}

fn show(limit: u64) -> String {
    match limit {
        RLIM_INFINITY => "unlimited".to_owned(),
        limit => limit.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_like_dockers() {
        let limit: Ulimit = "nofile=1024:2048".parse().unwrap();
        assert_eq!((limit.soft, limit.hard), (1024, 2048));
        let limit: Ulimit = "core=-1".parse().unwrap();
        assert_eq!((limit.soft, limit.hard), (RLIM_INFINITY, RLIM_INFINITY));
        for wrong in ["nofile", "nofile=", "files=3", "nofile=2:1", "nofile=1:x"] {
            assert!(wrong.parse::<Ulimit>().is_err(), "{wrong} was accepted");
        }
    }
}
