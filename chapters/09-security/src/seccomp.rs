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
use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use nix::errno::Errno;
use nix::sys::utsname::uname;
use process::{Error, Result, Step};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, SeccompRule};

use crate::profile::{Profile, target, version};
use crate::syscalls::number;
use crate::{Capabilities, ranges, sys};

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

/// Filters ready to be added, for who composes a container of their own.
#[derive(Clone, Debug)]
pub struct Filters(Vec<BpfProgram>);

impl Filters {
    /// Our own profile, as a container with these capabilities gets it, and beside it the
    /// calls named in `with`, but not those in `without`.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn adjusted(with: &[&str], without: &[&str], capabilities: &Capabilities) -> Result<Self> {
        let mut profile = Profile::parse(DEFAULT, "default")?;
        for entry in &mut profile.syscalls {
            entry.names.retain(|name| !without.contains(&name.as_str()));
        }
        // The first entry is the list of what is allowed without conditions.
        if let Some(entry) = profile.syscalls.first_mut() {
            entry.names.extend(with.iter().map(|name| (*name).to_owned()));
        }
        filters(&profile, capabilities).map(Self)
    }

    /// Adds them to this process, which must have set no_new_privs or have CAP_SYS_ADMIN.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn load(&self) -> Result<()> {
        load(&self.0)
    }
}

/// Compiles the chosen profile for a container with these capabilities.
///
/// # Errors
/// If the profile cannot be read or is none.
pub(crate) fn compile(
    choice: &SeccompChoice,
    capabilities: &Capabilities,
) -> Result<Vec<BpfProgram>> {
    match choice {
        SeccompChoice::Unconfined => Ok(Vec::new()),
        SeccompChoice::Default => filters(&Profile::parse(DEFAULT, "default")?, capabilities),
        SeccompChoice::File(path) => {
            let name = path.display().to_string();
            let json =
                fs::read_to_string(path).step(|| format!("read the seccomp profile {name}"))?;
            filters(&Profile::parse(&json, &name)?, capabilities)
        }
    }
}

// ANCHOR: load
/// Adds the filters to this process. It takes no_new_privs or CAP_SYS_ADMIN: a filter
/// that made setuid(2) fail silently could talk a setuid program into anything.
pub(crate) fn load(filters: &[BpfProgram]) -> Result<()> {
    filters.iter().try_for_each(|program| {
        sys::add_seccomp_filter(program).step(|| "add a seccomp filter").map_err(
            |error| match error.errno() {
                Some(Errno::EINVAL | Errno::ENOSYS) => {
                    error.hint("this kernel may lack CONFIG_SECCOMP_FILTER")
                }
                _ => error,
            },
        )
    })
}
// ANCHOR_END: load

/// Calls by number, and the rules of which one has to match; with none, all do.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// One filter for each exception, then the list itself: it is the one that may forbid
/// adding filters, so it is added last.
fn filters(profile: &Profile, capabilities: &Capabilities) -> Result<Vec<BpfProgram>> {
    let kernel = uname().ok().and_then(|names| version(names.release().to_str()?));
    let mut listed = Rules::new();
    let mut exceptions: Vec<(SeccompAction, Rules)> = Vec::new();
    for entry in &profile.syscalls {
        if !entry.applies(capabilities, kernel.unwrap_or_default()) {
            continue;
        }
        let (action, rule) = (profile.action_of(entry), entry.rule()?);
        for number in entry.names.iter().filter_map(|name| number(name)) {
            add(&mut listed, number, rule.as_ref());
            if action == SeccompAction::Allow {
                continue;
            }
            match exceptions.iter_mut().find(|(other, _)| *other == action) {
                Some((_, rules)) => add(rules, number, rule.as_ref()),
                None => {
                    exceptions.push((action.clone(), Rules::new()));
                    if let Some((_, rules)) = exceptions.last_mut() {
                        add(rules, number, rule.as_ref());
                    }
                }
            }
        }
    }
    let mut filters = Vec::new();
    for (action, rules) in exceptions {
        filters.push(translate(rules, SeccompAction::Allow, action)?);
    }
    let default = profile.default_action();
    if default != SeccompAction::Allow {
        let (always, depends): (Rules, Rules) =
            listed.into_iter().partition(|(_, chain)| chain.is_empty());
        let depends = translate(depends, default, SeccompAction::Allow)?;
        filters.push(ranges::allow(always.into_keys().map(|number| number as u32), depends));
    }
    Ok(filters)
}

/// A call that is listed once without conditions needs none of the others.
fn add(rules: &mut Rules, number: i64, rule: Option<&SeccompRule>) {
    let is_new = !rules.contains_key(&number);
    let chain = rules.entry(number).or_default();
    match rule {
        None => chain.clear(),
        Some(rule) if is_new || !chain.is_empty() => chain.push(rule.clone()),
        Some(_) => {}
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
