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
//! A filter sees numbers only: an argument that is a pointer cannot be followed, since
//! the memory behind it may change between the look and the call. seccomp(2).

use process::{Error, Result};
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompRule, TargetArch,
};
use serde::Deserialize;

use crate::Capabilities;

/// A whole profile.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Profile {
    default_action: Action,
    default_errno_ret: Option<u32>,
    #[serde(default)]
    arch_map: Vec<Architecture>,
    pub syscalls: Vec<Entry>,
}

/// The architectures a profile is for. What it says of a 64-bit machine's 32-bit
/// system calls is not used here: they are refused, and the second table of numbers
/// with them, in which 59 means something else.
#[derive(Debug, Deserialize)]
struct Architecture {
    architecture: String,
}

/// Some system calls, and what becomes of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    pub names: Vec<String>,
    action: Action,
    errno_ret: Option<u32>,
    args: Option<Vec<Argument>>,
    includes: Option<Condition>,
    excludes: Option<Condition>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
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
}

/// A comparison of one argument.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument {
    /// Which argument, from 0.
    index: u8,
    /// What it is compared with, or the mask.
    value: u64,
    /// For a masked comparison, what it is compared with.
    #[serde(default)]
    value_two: u64,
    op: Comparison,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Comparison {
    #[serde(rename = "SCMP_CMP_NE")]
    Ne,
    #[serde(rename = "SCMP_CMP_LT")]
    Lt,
    #[serde(rename = "SCMP_CMP_LE")]
    Le,
    #[serde(rename = "SCMP_CMP_EQ")]
    Eq,
    #[serde(rename = "SCMP_CMP_GE")]
    Ge,
    #[serde(rename = "SCMP_CMP_GT")]
    Gt,
    #[serde(rename = "SCMP_CMP_MASKED_EQ")]
    MaskedEq,
}

/// When an entry counts.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    #[serde(default)]
    caps: Vec<String>,
    #[serde(default)]
    arches: Vec<String>,
    min_kernel: Option<String>,
}

impl Profile {
    /// Reads a profile; `name` is for the error.
    pub fn parse(json: &str, name: &str) -> Result<Self> {
        let profile: Self = serde_json::from_str(json)
            .map_err(|error| Error::new(format!("read the seccomp profile {name}: {error}")))?;
        let is_ours = |map: &Architecture| map.architecture == scmp_architecture();
        match profile.arch_map.is_empty() || profile.arch_map.iter().any(is_ours) {
            true => Ok(profile),
            false => Err(Error::new(format!("the seccomp profile {name} is not for this machine"))
                .hint(format!("its archMap has no {}", scmp_architecture()))),
        }
    }

    /// What becomes of a call that is in no entry.
    pub fn default_action(&self) -> SeccompAction {
        self.action(self.default_action, None)
    }

    /// What becomes of the calls of an entry.
    pub fn action_of(&self, entry: &Entry) -> SeccompAction {
        self.action(entry.action, entry.errno_ret)
    }

    fn action(&self, action: Action, errno: Option<u32>) -> SeccompAction {
        let errno = errno.or(self.default_errno_ret).unwrap_or(libc::EPERM as u32);
        match action {
            Action::Allow => SeccompAction::Allow,
            Action::Errno => SeccompAction::Errno(errno),
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
    pub fn applies(&self, capabilities: &Capabilities, kernel: (u32, u32)) -> bool {
        let has = |name: &String| capabilities.has(name);
        let is_this = |name: &String| name == go_architecture();
        let is_reached = |least: &String| version(least).is_none_or(|least| kernel >= least);
        let is_included = self.includes.as_ref().is_none_or(|only| {
            only.caps.iter().all(has)
                && (only.arches.is_empty() || only.arches.iter().any(is_this))
                && only.min_kernel.as_ref().is_none_or(is_reached)
        });
        let is_excluded = self.excludes.as_ref().is_some_and(|not| {
            not.caps.iter().any(has)
                || not.arches.iter().any(is_this)
                || not.min_kernel.as_ref().is_some_and(is_reached)
        });
        is_included && !is_excluded
    }

    /// Its comparisons, all of which have to be true; `None` if there are none.
    pub fn rule(&self) -> Result<Option<SeccompRule>> {
        let arguments = self.args.as_deref().unwrap_or_default();
        if arguments.is_empty() {
            return Ok(None);
        }
        let conditions = arguments.iter().map(Argument::condition).collect::<Result<_, _>>();
        conditions
            .and_then(SeccompRule::new)
            .map(Some)
            .map_err(|error| Error::new(format!("seccomp profile, {:?}: {error}", self.names)))
    }
}

impl Argument {
    fn condition(&self) -> Result<SeccompCondition, seccompiler::BackendError> {
        let (operation, value) = match self.op {
            Comparison::Ne => (SeccompCmpOp::Ne, self.value),
            Comparison::Lt => (SeccompCmpOp::Lt, self.value),
            Comparison::Le => (SeccompCmpOp::Le, self.value),
            Comparison::Eq => (SeccompCmpOp::Eq, self.value),
            Comparison::Ge => (SeccompCmpOp::Ge, self.value),
            Comparison::Gt => (SeccompCmpOp::Gt, self.value),
            Comparison::MaskedEq => (SeccompCmpOp::MaskedEq(self.value), self.value_two),
        };
        SeccompCondition::new(self.index, SeccompCmpArgLen::Qword, operation, value)
    }
}

/// `4.8`, or the longer `6.1.0-18-amd64` of a running kernel.
pub(crate) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
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
