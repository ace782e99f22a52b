//! Its resource limits: `ulimit`, getrlimit(2).
//!
//! They are of each process, and a child has its parent's: ours, unless it is told otherwise.
//! Only CAP_SYS_RESOURCE of the host's root may raise a hard limit, so that is done before the
//! user namespace is joined; and what may be lower than we need for what is left, at the end.

use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use process::{Result, Step, kernel_file};

use crate::Target;

/// What /proc/PID/limits calls them.
const NAMES: [(&str, Resource); 16] = [
    ("Max cpu time", Resource::RLIMIT_CPU),
    ("Max file size", Resource::RLIMIT_FSIZE),
    ("Max data size", Resource::RLIMIT_DATA),
    ("Max stack size", Resource::RLIMIT_STACK),
    ("Max core file size", Resource::RLIMIT_CORE),
    ("Max resident set", Resource::RLIMIT_RSS),
    ("Max processes", Resource::RLIMIT_NPROC),
    ("Max open files", Resource::RLIMIT_NOFILE),
    ("Max locked memory", Resource::RLIMIT_MEMLOCK),
    ("Max address space", Resource::RLIMIT_AS),
    ("Max file locks", Resource::RLIMIT_LOCKS),
    ("Max pending signals", Resource::RLIMIT_SIGPENDING),
    ("Max msgqueue size", Resource::RLIMIT_MSGQUEUE),
    ("Max nice priority", Resource::RLIMIT_NICE),
    ("Max realtime priority", Resource::RLIMIT_RTPRIO),
    ("Max realtime timeout", Resource::RLIMIT_RTTIME),
];

/// The limits of a process that differ from ours.
#[derive(Clone, Debug)]
pub struct Limits(Vec<Limit>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit {
    resource: Resource,
    soft: u64,
    hard: u64,
}

impl Target {
    /// Reads its limits.
    ///
    /// # Errors
    /// If it has ended.
    pub fn limits(&self) -> Result<Limits> {
        let ours = kernel_file::read("/proc/self/limits").step(|| "read /proc/self/limits")?;
        let ours = parse(&ours);
        let mut theirs = parse(&self.read("limits")?);
        theirs.retain(|limit| !ours.contains(limit));
        Ok(Limits(theirs))
    }
}

impl Limits {
    /// Before the host's power is given up: makes room for what is higher than ours. An
    /// ordinary user may not, and what comes in has less then.
    ///
    /// # Errors
    /// If the kernel refuses for another reason.
    pub fn raise(&self) -> Result<()> {
        for &Limit { resource, hard, .. } in &self.0 {
            let (soft, ours) = getrlimit(resource).step(|| "read a resource limit")?;
            if hard > ours {
                match setrlimit(resource, soft, hard) {
                    Err(Errno::EPERM) => {}
                    raised => raised.step(|| format!("raise {resource:?}"))?,
                }
            }
        }
        Ok(())
    }

    /// At the end: sets them.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn set(&self) -> Result<()> {
        for &Limit { resource, soft, hard } in &self.0 {
            let (_, ours) = getrlimit(resource).step(|| "read a resource limit")?;
            let hard = hard.min(ours);
            setrlimit(resource, soft.min(hard), hard).step(|| format!("set {resource:?}"))?;
        }
        Ok(())
    }
}

/// `Max open files   1024   524288   files`, a line each.
fn parse(text: &[u8]) -> Vec<Limit> {
    let text = String::from_utf8_lossy(text);
    let limit = |line: &str| {
        let (name, resource) = NAMES.iter().find(|(name, _)| line.starts_with(name))?;
        let mut numbers = line[name.len()..].split_whitespace().map(|word| match word {
            "unlimited" => Some(RLIM_INFINITY),
            number => number.parse().ok(),
        });
        Some(Limit { resource: *resource, soft: numbers.next()??, hard: numbers.next()?? })
    };
    text.lines().filter_map(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_of_this_kernel_is_known() {
        let text = kernel_file::read("/proc/self/limits").unwrap();
        let limits = parse(&text);
        // The first line is a heading.
        assert_eq!(limits.len(), String::from_utf8_lossy(&text).lines().count() - 1);
        for Limit { resource, soft, hard } in limits {
            assert_eq!(getrlimit(resource), Ok((soft, hard)), "{resource:?}");
        }
    }
}
