//! Seccomp: a filter in front of every system call.
//!
//! The kernel offers some 450 system calls, each with code that may have a fault, and
//! most programs use a tenth of them. A filter is a small program (classic BPF) that the
//! kernel runs before each call, with its number and arguments; it says what becomes of
//! the call. It can never be taken off, exec and fork hand it on.
//!
//! ```text
//!   openat(…) ──▶ filter: 257 is listed ──────────▶ allowed
//!   bpf(…)    ──▶ filter: 321 is not ─────────────▶ EPERM, as if it did not exist
//!   clone(…)  ──▶ filter: listed, if the first ───▶ allowed without CLONE_NEW flags
//!                 argument & 0x7e020000 == 0
//! ```
//!
//! One of our filters knows two answers: one for what matches, one for the rest. A
//! profile with more has several filters; the kernel runs them all, and the strictest
//! answer counts (seccomp(2)). So there is a filter for each exception, and one for the
//! list, where an exception counts as allowed:
//!
//! ```text
//!   clone3                  → ENOSYS   else → allow
//!   ioctl(TIOCSTI)          → EPERM    else → allow
//!   read, write, ioctl, …   → allow    else → EPERM
//! ```
//!
//! Compiling is the parent's work; the child adds the filters as its very last step.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use nix::errno::Errno;
use nix::sys::utsname::uname;
use process::{Error, Result, Step, plain_file};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule};
use serde::{Deserialize, Serialize};

use crate::profile::{Profile, Version, target};
use crate::syscalls::number;
use crate::{Capabilities, numbers, ranges, sys};

/// Our own profile.
const DEFAULT: &str = include_str!("default-seccomp.json");

/// Which filter: `--security-opt seccomp=…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SeccompChoice {
    /// The profile of this chapter.
    #[default]
    Default,
    /// A profile from a file of the host.
    File(PathBuf),
    /// None.
    Unconfined,
}

impl FromStr for SeccompChoice {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "unconfined" => Self::Unconfined,
            "builtin" | "default" => Self::Default,
            file => Self::File(file.into()),
        })
    }
}

/// A profile itself, whatever becomes of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Seccomp {
    /// That of this chapter.
    Default,
    /// No filter at all.
    Unconfined,
    /// Another one.
    Profile {
        /// What it is called in messages.
        name: String,
        /// Docker's JSON.
        text: String,
    },
}

impl SeccompChoice {
    /// Reads the profile.
    ///
    /// # Errors
    /// If its file cannot be read.
    pub fn resolve(&self) -> Result<Seccomp> {
        let path = match self {
            Self::Default => return Ok(Seccomp::Default),
            Self::Unconfined => return Ok(Seccomp::Unconfined),
            Self::File(path) => path,
        };
        let name = path.display().to_string();
        let json =
            plain_file::read_linked(path).step(|| format!("read the seccomp profile {name}"))?;
        let no_text = |_| Error::new(format!("read the seccomp profile {name}: it is not UTF-8"));
        Ok(Seccomp::Profile { text: String::from_utf8(json).map_err(no_text)?, name })
    }
}

/// Filters ready to be added, in this order.
#[derive(Clone, Debug, Default)]
pub struct Filters(pub Vec<BpfProgram>);

impl Filters {
    /// A profile, as a container with these capabilities gets it.
    ///
    /// # Errors
    /// If it is none.
    pub fn compile(seccomp: &Seccomp, capabilities: &Capabilities) -> Result<Self> {
        let profile = match seccomp {
            Seccomp::Unconfined => return Ok(Self(Vec::new())),
            Seccomp::Default => Profile::parse(DEFAULT.as_bytes(), "default")?,
            Seccomp::Profile { name, text } => Profile::parse(text.as_bytes(), name)?,
        };
        filters(&profile, capabilities).map(Self)
    }

    /// Our own profile, as a container with these capabilities gets it, and beside it the
    /// calls named in `with`, but not those in `without`.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn adjusted(with: &[&str], without: &[&str], capabilities: &Capabilities) -> Result<Self> {
        let mut profile = Profile::parse(DEFAULT.as_bytes(), "default")?;
        for entry in &mut profile.syscalls {
            entry.names.retain(|name| !without.contains(&name.as_str()));
        }
        // The first entry is the list of what is allowed without conditions.
        if let Some(entry) = profile.syscalls.first_mut() {
            entry.names.extend(with.iter().map(|name| (*name).to_owned()));
        }
        filters(&profile, capabilities).map(Self)
    }

    // ANCHOR: load
    /// Adds them to this process. It takes no_new_privs or CAP_SYS_ADMIN: a filter that
    /// made setuid(2) fail silently could talk a setuid program into anything.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn load(&self) -> Result<()> {
        self.0.iter().try_for_each(|program| {
            sys::add_seccomp_filter(program).step(|| "add a seccomp filter").map_err(|error| {
                match error.errno() {
                    Some(Errno::EINVAL | Errno::ENOSYS) => {
                        error.with_hint("this kernel may lack CONFIG_SECCOMP_FILTER")
                    }
                    _ => error,
                }
            })
        })
    }
    // ANCHOR_END: load
}

/// Calls by number, and the rules of which one has to match; with none, all do.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// One filter for each exception, and one for the list itself.
fn filters(profile: &Profile, capabilities: &Capabilities) -> Result<Vec<BpfProgram>> {
    let release = uname().step(|| "ask for the kernel's version")?;
    let release = release.release().to_string_lossy().into_owned();
    let kernel = Version::try_from(release).map_err(Error::new)?;
    let mut listed = Rules::new();
    let mut exceptions: Vec<(SeccompAction, Rules)> = Vec::new();
    for entry in &profile.syscalls {
        if !entry.applies(capabilities, kernel) {
            continue;
        }
        let (action, new) = (profile.action_of(entry), entry.rules()?);
        for number in entry.names.iter().filter_map(|name| number(name)) {
            add(&mut listed, number.into(), &new);
            if action == SeccompAction::Allow {
                continue;
            }
            match exceptions.iter_mut().find(|(other, _)| *other == action) {
                Some((_, rules)) => add(rules, number.into(), &new),
                None => {
                    exceptions.push((action.clone(), Rules::new()));
                    if let Some((_, rules)) = exceptions.last_mut() {
                        add(rules, number.into(), &new);
                    }
                }
            }
        }
    }
    // Whichever forbids to add filters has to be the last: the list, if it lacks seccomp(2),
    // or else an exception that has it.
    let (last, first): (Vec<_>, Vec<_>) =
        exceptions.into_iter().partition(|(_, rules)| rules.contains_key(&libc::SYS_seccomp));
    let except = |(action, rules)| translate(rules, SeccompAction::Allow, action);
    let list = std::iter::once_with(|| list(profile, listed));
    first.into_iter().map(except).chain(list).chain(last.into_iter().map(except)).collect()
}

/// The list itself, with an answer for all that is not on it.
fn list(profile: &Profile, listed: Rules) -> Result<BpfProgram> {
    let default = profile.default_action();
    let (refusal, newest) = match default {
        // A list of what is forbidden, or watched: the newer calls are among the rest.
        SeccompAction::Allow | SeccompAction::Log | SeccompAction::Trace(_) => {
            (SeccompAction::Errno(Errno::EPERM as u32), None)
        }
        _ => (default.clone(), newest(profile)),
    };
    if default == SeccompAction::Allow {
        return Ok(numbers::guard(refusal, newest, [numbers::answer(default)]));
    }
    let (always, depends): (Rules, Rules) =
        listed.into_iter().partition(|(_, chain)| chain.is_empty());
    let depends = translate(depends, default, SeccompAction::Allow)?;
    let always = always.into_keys().filter_map(|number| u32::try_from(number).ok());
    Ok(numbers::guard(refusal, newest, ranges::allow(always, depends)))
}

/// The newest call that the author of a profile knew.
fn newest(profile: &Profile) -> Option<u32> {
    let names = profile.syscalls.iter().flat_map(|entry| &entry.names);
    names.filter_map(|name| number(name)).max()
}

/// A call that is listed once without conditions needs none of the others.
fn add(rules: &mut Rules, number: i64, new: &[SeccompRule]) {
    let is_new = !rules.contains_key(&number);
    let chain = rules.entry(number).or_default();
    if new.is_empty() {
        chain.clear();
    } else if is_new || !chain.is_empty() {
        chain.extend_from_slice(new);
    }
}

fn translate(
    rules: Rules,
    otherwise: SeccompAction,
    on_match: SeccompAction,
) -> Result<BpfProgram> {
    SeccompFilter::new(rules, otherwise, on_match, target())
        .and_then(BpfProgram::try_from)
        .map_err(|error| Error::new(format!("compile the seccomp profile: {error}")))
}
