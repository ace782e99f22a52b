//! The seccomp profile: which system calls, in Docker's JSON format.
//!
//! `default-seccomp.json` beside this file is ours, and any profile written for Docker
//! or Podman can be used as well:
//!
//! ```text
//!   "defaultAction": "SCMP_ACT_ERRNO"       whatever is not listed fails with EPERM
//!   "syscalls": [
//!     { "names": ["read", "write", …],      these …
//!       "action": "SCMP_ACT_ALLOW",         … are allowed,
//!       "args": [{ "index": 0, … }],        if the first argument is such,
//!       "includes": { "caps": [ … ] },      in containers with this capability,
//!       "excludes": { "caps": [ … ] } }     and without that one
//!   ]
//! ```
//!
//! Names of calls, capabilities and machines that we do not know are of a kernel that is
//! not this one, and are passed over. A key or an action that we do not know is an error:
//! it was meant to forbid something.
//!
//! A filter sees numbers only: an argument that is a pointer cannot be followed, since
//! the memory behind it may change between the look and the call. seccomp(2).

use nix::errno::Errno;
use process::{Error, Result};
use seccompiler::{SeccompAction, SeccompRule, TargetArch};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::Capabilities;
use crate::comparison::{self, Argument};

/// A whole profile.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Profile {
    default_action: Action,
    default_errno_ret: Option<u32>,
    default_errno: Option<ErrnoName>,
    #[serde(default)]
    arch_map: Vec<Architecture>,
    #[serde(default)]
    pub syscalls: Vec<Entry>,
    /// The OCI's form of the `archMap`, which adds to this machine's own.
    #[serde(rename = "architectures")]
    _architectures: Option<IgnoredAny>,
    /// How the filter is added; the usual flags of libseccomp.
    #[serde(default)]
    flags: Vec<String>,
}

/// The architectures a profile is for. What it says of a 64-bit machine's 32-bit
/// system calls is not used here: they are refused, and the second table of numbers
/// with them, in which 59 means something else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Architecture {
    architecture: String,
    #[serde(rename = "subArchitectures")]
    _others: Option<IgnoredAny>,
}

/// Some system calls, and what becomes of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Entry {
    #[serde(default)]
    pub names: Vec<String>,
    /// What profiles had before Docker 1.13: one name an entry.
    name: Option<String>,
    action: Action,
    errno_ret: Option<u32>,
    errno: Option<ErrnoName>,
    args: Option<Vec<Argument>>,
    includes: Option<Condition>,
    excludes: Option<Condition>,
    #[serde(rename = "comment")]
    _comment: Option<IgnoredAny>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Action {
    #[serde(rename = "SCMP_ACT_ALLOW")]
    Allow,
    #[serde(rename = "SCMP_ACT_ERRNO")]
    Errno,
    #[serde(rename = "SCMP_ACT_KILL", alias = "SCMP_ACT_KILL_THREAD")]
    KillThread,
    #[serde(rename = "SCMP_ACT_KILL_PROCESS")]
    KillProcess,
    #[serde(rename = "SCMP_ACT_LOG")]
    Log,
    #[serde(rename = "SCMP_ACT_TRAP")]
    Trap,
    #[serde(rename = "SCMP_ACT_TRACE")]
    Trace,
    #[serde(rename = "SCMP_ACT_NOTIFY")]
    Notify,
}

/// `EPERM`, as Podman's profiles have it beside the number.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct ErrnoName(u32);

impl TryFrom<String> for ErrnoName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let is_called = |errno: &i32| format!("{:?}", Errno::from_raw(*errno)) == name;
        let number = (1..=MAX_ERRNO).find(is_called);
        number
            .map(|errno| Self(errno.cast_unsigned()))
            .ok_or_else(|| format!("no such errno: {name}"))
    }
}

/// `EHWPOISON`, the last one of linux/errno.h.
const MAX_ERRNO: i32 = 133;

/// When an entry counts.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Condition {
    #[serde(default)]
    caps: Vec<String>,
    #[serde(default)]
    arches: Vec<String>,
    min_kernel: Option<Version>,
}

/// A kernel's first two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Version(u32, u32);

impl TryFrom<String> for Version {
    type Error = String;

    /// `4.8`, or the longer `6.1.0-18-amd64` of a running kernel.
    fn try_from(text: String) -> Result<Self, String> {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(str::parse);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self(major, minor)),
            _ => Err(format!("not the version of a kernel: {text}")),
        }
    }
}

impl Profile {
    /// Reads a profile; `name` is for the error.
    pub fn parse(json: &[u8], name: &str) -> Result<Self> {
        let wrong = |why: String| Error::new(format!("read the seccomp profile {name}: {why}"));
        let mut profile: Self =
            serde_json::from_slice(json).map_err(|error| wrong(error.to_string()))?;
        for entry in &mut profile.syscalls {
            match entry.name.take() {
                Some(name) if entry.names.is_empty() => entry.names.push(name),
                Some(name) => return Err(wrong(format!("{name}: both `name` and `names`"))),
                None if entry.names.is_empty() => {
                    return Err(wrong("an entry without `names`".to_owned()));
                }
                None => {}
            }
        }
        let mut actions = profile.syscalls.iter().map(|entry| entry.action);
        if actions.any(|action| action == Action::Notify)
            || profile.default_action == Action::Notify
        {
            return Err(wrong("SCMP_ACT_NOTIFY is not supported".to_owned()).with_hint(
                "another program would have to decide, at each call; here, nobody listens",
            ));
        }
        if let Some(flag) = profile.flags.first() {
            return Err(wrong(format!("{flag}: filters are added without flags here")));
        }
        let is_ours = |map: &Architecture| map.architecture == scmp_architecture();
        if profile.arch_map.is_empty() || profile.arch_map.iter().any(is_ours) {
            Ok(profile)
        } else {
            Err(Error::new(format!("the seccomp profile {name} is not for this machine"))
                .with_hint(format!("its archMap has no {}", scmp_architecture())))
        }
    }

    /// What becomes of a call that is in no entry.
    pub fn default_action(&self) -> SeccompAction {
        self.action(self.default_action, None)
    }

    /// What becomes of the calls of an entry.
    pub fn action_of(&self, entry: &Entry) -> SeccompAction {
        self.action(entry.action, entry.errno.map(|name| name.0).or(entry.errno_ret))
    }

    fn action(&self, action: Action, errno: Option<u32>) -> SeccompAction {
        let default = self.default_errno.map(|name| name.0).or(self.default_errno_ret);
        let errno = errno.or(default).unwrap_or(libc::EPERM as u32);
        match action {
            Action::Allow => SeccompAction::Allow,
            Action::Errno | Action::Notify => SeccompAction::Errno(errno),
            Action::KillThread => SeccompAction::KillThread,
            Action::KillProcess => SeccompAction::KillProcess,
            Action::Log => SeccompAction::Log,
            Action::Trap => SeccompAction::Trap,
            Action::Trace => SeccompAction::Trace(errno),
        }
    }
}

impl Entry {
    /// Whether it counts for a container with these capabilities, on this kernel.
    pub fn applies(&self, capabilities: &Capabilities, kernel: Version) -> bool {
        let has = |name: &String| capabilities.has(name);
        let is_this = |name: &String| name == go_architecture();
        let is_reached = |least: Version| kernel >= least;
        let is_included = self.includes.as_ref().is_none_or(|only| {
            only.caps.iter().all(has)
                && (only.arches.is_empty() || only.arches.iter().any(is_this))
                && only.min_kernel.is_none_or(is_reached)
        });
        let is_excluded = self.excludes.as_ref().is_some_and(|not| {
            not.caps.iter().any(has)
                || not.arches.iter().any(is_this)
                || not.min_kernel.is_some_and(is_reached)
        });
        is_included && !is_excluded
    }

    /// Its rules, of which one has to match; none if it is for all calls of its names.
    pub fn rules(&self) -> Result<Vec<SeccompRule>> {
        comparison::rules(self.args.as_deref().unwrap_or_default())
            .map_err(|error| Error::new(format!("seccomp profile, {:?}: {error}", self.names)))
    }
}

/// This machine, in the three languages that meet here.
pub(crate) fn target() -> TargetArch {
    if cfg!(target_arch = "x86_64") { TargetArch::x86_64 } else { TargetArch::aarch64 }
}

fn scmp_architecture() -> &'static str {
    if cfg!(target_arch = "x86_64") { "SCMP_ARCH_X86_64" } else { "SCMP_ARCH_AARCH64" }
}

fn go_architecture() -> &'static str {
    if cfg!(target_arch = "x86_64") { "amd64" } else { "arm64" }
}
