//! A cgroup of the generation that this host has not, as far as limits go: the same rules, and
//! nobody in it.
//!
//! What holds when the container would be put in stands in the host's `/tmp/limits`. There is
//! no account of swap if `/tmp/no-swap` exists, as on some kernels.

#![allow(dead_code, reason = "your part is going to use it")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::Path;

use nix::errno::Errno;
use nix::unistd::Pid;
use process::{Error, Part, Result, Step};

use crate::trees::{self, Version};

/// The files, with what is in them at first.
const FILES: [(Version, &str, &str, &str); 12] = [
    (Version::V1, "memory", "memory.limit_in_bytes", "-1"),
    (Version::V1, "memory", "memory.memsw.limit_in_bytes", "-1"),
    (Version::V1, "memory", "memory.soft_limit_in_bytes", "-1"),
    (Version::V1, "memory", "memory.swappiness", "60"),
    (Version::V2, "memory", "memory.max", "max"),
    (Version::V2, "memory", "memory.high", "max"),
    (Version::V2, "memory", "memory.swap.max", "max"),
    (Version::V2, "memory", "memory.oom.group", "0"),
    (Version::V1, "cpu", "cpu.cfs_period_us", "100000"),
    (Version::V1, "cpu", "cpu.cfs_quota_us", "-1"),
    (Version::V2, "cpu", "cpu.max", "max 100000"),
    (Version::V2, "cpu", "cpu.weight", "100"),
];

/// Its files, in memory.
#[derive(Debug)]
pub struct Cgroup {
    /// The generation that it is of.
    pub version: Version,
    files: RefCell<BTreeMap<&'static str, String>>,
}

impl Cgroup {
    /// Makes a cgroup. Nothing is limited in it yet.
    pub fn create(controller: &str, _id: &str) -> Result<Self> {
        let version = match trees::of(controller)?.0 {
            Version::V1 => Version::V2,
            Version::V2 => Version::V1,
        };
        let has_swap = !Path::new("/tmp/no-swap").exists();
        let is_there = |(of, part, file, _): &&(Version, &str, &str, &str)| {
            *of == version && *part == controller && (has_swap || !is_of_swap(file))
        };
        let files = FILES.iter().filter(is_there).map(|(_, _, file, text)| (*file, (*text).into()));
        Ok(Self { version, files: RefCell::new(files.collect()) })
    }

    /// Whether it has a file of that name, which depends on the kernel.
    pub fn has(&self, file: &str) -> bool {
        self.files.borrow().contains_key(file)
    }

    /// Writes a value into one of its files.
    pub fn write(&self, file: &str, value: impl Display) -> Result<()> {
        let text = value.to_string();
        let written = self.try_write(file, text.trim());
        let step = || format!("write {text} to {file} of the other generation");
        written.map_err(|errno| Error::from_errno(step(), errno))
    }

    fn try_write(&self, file: &str, text: &str) -> nix::Result<()> {
        let mut files = self.files.borrow_mut();
        let before = files.get(file).ok_or(Errno::ENOENT)?.clone();
        let mut words: Vec<&str> = text.split_whitespace().collect();
        if file == "cpu.max" && words.len() == 1 {
            words.extend(before.split_whitespace().nth(1));
        }
        let are_numbers = words.iter().all(|word| *word == "max" || word.parse::<i64>().is_ok());
        if !are_numbers || words.len() != before.split_whitespace().count() {
            return Err(Errno::EINVAL);
        }
        let mut after = files.clone();
        after.extend(FILES.iter().find(|it| it.2 == file).map(|it| (it.2, words.join(" "))));
        // The sum of memory and swap is never less than the memory.
        if let (Some(memory), Some(sum)) = (
            after.get("memory.limit_in_bytes").and_then(|text| number(text)),
            after.get("memory.memsw.limit_in_bytes").and_then(|text| number(text)),
        ) && sum < memory
        {
            return Err(Errno::EINVAL);
        }
        *files = after;
        Ok(())
    }

    /// Tells what holds for whoever is in here.
    pub fn join(&self, _pid: Pid) -> Result<()> {
        fs::write("/tmp/limits", self.limits()).step(|| "write /tmp/limits")
    }

    fn limits(&self) -> String {
        let files = self.files.borrow();
        let value = |file: &str| files.get(file).and_then(|text| number(text));
        let swap = match (value("memory.limit_in_bytes"), value("memory.memsw.limit_in_bytes")) {
            (Some(memory), Some(sum)) => Some(sum.saturating_sub(memory)),
            _ => value("memory.swap.max"),
        };
        let memory = value("memory.limit_in_bytes").or(value("memory.max"));
        let cpus = match files.get("cpu.max") {
            Some(both) => {
                both.split_once(' ').and_then(|(quota, period)| number(quota).zip(number(period)))
            }
            None => value("cpu.cfs_quota_us").zip(value("cpu.cfs_period_us")),
        };
        let cpus = cpus.filter(|(quota, _)| *quota < u64::MAX);
        let cpus = cpus.map(|(quota, period)| format!("cpus {}", quota as f64 / period as f64));
        let part = |name: &str, bytes: Option<u64>| bytes.map(|bytes| format!("{name} {bytes}"));
        let parts = [part("memory", memory), part("swap", swap), cpus];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

impl Part for Cgroup {}

/// A number of the kernel's; without a limit, the greatest there is.
fn number(text: &str) -> Option<u64> {
    if text == "max" || text == "-1" { Some(u64::MAX) } else { text.parse().ok() }
}

fn is_of_swap(file: &str) -> bool {
    file.contains("memsw") || file.contains("swap.")
}
