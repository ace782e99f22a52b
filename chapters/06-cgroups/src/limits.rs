//! The options, and what each one means in the kernel's files.
//!
//! Both generations limit the same things under different names:
//!
//! ```text
//!   option                v1                                v2
//!   --memory 64m          memory.limit_in_bytes             memory.max
//!   --memory-swap 96m     memory.memsw.limit_in_bytes       memory.swap.max
//!                           100663296: both together          33554432: swap alone
//!   --cpus 0.5            cpu.cfs_quota_us                  cpu.max
//!                           50000, of the 100000 µs           50000 100000
//!                           in cpu.cfs_period_us
//!   --cpuset-cpus 0-1     cpuset.cpus                       cpuset.cpus
//!   --pids-limit 100      pids.max                          pids.max
//!   --device-read-bps     blkio.throttle.read_bps_device    io.max
//!     /dev/vda:1mb          254:0 1048576                     254:0 rbps=1048576
//! ```
//!
//! A disk limit of v1 counts direct and synchronous requests only: what the kernel
//! writes back later from its page cache belongs to nobody there, and to the cgroup
//! whose pages they are in v2.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Component, PathBuf};

use nix::sys::stat::{major, minor};
use nix::unistd::{SysconfVar, sysconf};
use process::{Error, Result, State, Step};
use serde::{Deserialize, Serialize};

use crate::Setting;
use crate::quantity::{CpuList, DeviceRate, Swap, bytes, size};
use crate::setting::Knob;

/// The period over which a quota of processor time counts, in microseconds.
pub(crate) const CPU_PERIOD: u64 = 100_000;

/// What a container gets of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Where in each hierarchy its cgroup is: from the root on if it begins with `/`, else
    /// below the topmost cgroup that is ours. `None`: there, as `lab-<id>`.
    pub path: Option<PathBuf>,
    /// What to write where, in this order.
    pub settings: Vec<Setting>,
}

impl Limits {
    /// Where in each hierarchy the cgroup of this container is.
    pub(crate) fn path_of(&self, state: &State) -> PathBuf {
        self.path.clone().unwrap_or_else(|| format!("lab-{}", state.id()).into())
    }

    /// Refuses what is no path of a cgroup.
    pub(crate) fn check_path(&self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let below = path.strip_prefix("/").unwrap_or(path);
        let is_name = |part| matches!(part, Component::Normal(_));
        if below.as_os_str().is_empty() || !below.components().all(is_name) {
            let path = path.display();
            return Err(Error::new(format!(
                "make the cgroup {path}: expected a path such as /a/b"
            )));
        }
        Ok(())
    }
}

/// The command-line options of chapter 6.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Chapter 06: its share of memory, CPU and processes")]
pub struct LimitOptions {
    /// Memory, at least 6m
    #[arg(short, long, value_name = "SIZE", value_parser = memory)]
    pub memory: Option<u64>,

    /// Memory and swap together; -1 for unlimited swap [default: twice the memory]
    #[arg(long, value_name = "SIZE", requires = "memory", allow_negative_numbers = true)]
    pub memory_swap: Option<Swap>,

    /// Processor time, in processors: 0.5 is half of one
    #[arg(long, value_name = "NUMBER", value_parser = cpus)]
    pub cpus: Option<f64>,

    /// The processors it may run on, such as 0-2 or 0,2
    #[arg(long, value_name = "LIST")]
    pub cpuset_cpus: Option<CpuList>,

    /// Processes and threads; -1 for unlimited
    #[arg(long, value_name = "NUMBER", value_parser = pids, allow_negative_numbers = true)]
    pub pids_limit: Option<i64>,

    /// Bytes a second read from a disk, such as /dev/sda:1mb
    #[arg(long, value_name = "DEVICE:RATE")]
    pub device_read_bps: Vec<DeviceRate>,

    /// Bytes a second written to a disk
    #[arg(long, value_name = "DEVICE:RATE")]
    pub device_write_bps: Vec<DeviceRate>,
}

/// Docker's minimum: with less, a container dies before its first instruction.
fn memory(text: &str) -> Result<u64, String> {
    match bytes(text)? {
        few if few < 6 << 20 => Err("the minimum is 6m".to_owned()),
        enough => Ok(enough),
    }
}

/// The processor time in each period, in microseconds.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of 0.01 or more of this host's processors"
)]
fn quota(cpus: f64) -> u64 {
    (cpus * CPU_PERIOD as f64).round() as u64
}

fn cpus(text: &str) -> Result<f64, String> {
    let online = sysconf(SysconfVar::_NPROCESSORS_ONLN).ok().flatten().unwrap_or(1) as f64;
    match text.parse() {
        // The kernel's smallest quota is 1 ms; with our period that is 0.01.
        Ok(cpus) if (0.01..=online).contains(&cpus) => Ok(cpus),
        Ok(_) => Err(format!("this host has {online} processors: use 0.01 to {online}")),
        Err(_) => Err("expected a number such as 0.5 or 2".to_owned()),
    }
}

fn pids(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "expected a number such as 100, or -1".to_owned())
}

impl LimitOptions {
    /// What the options mean on this host.
    ///
    /// # Errors
    /// If the options contradict each other or name a disk that is not there.
    pub fn resolve(&self) -> Result<Limits> {
        let mut settings = Vec::new();
        let mut set = |option: &str, v1, v2| {
            settings.push(Setting { option: option.to_owned(), v1, v2, is_default: false });
        };
        // ANCHOR: memory_and_cpus
        if let Some(limit) = self.memory {
            set(
                "--memory",
                Knob::new("memory", "memory.limit_in_bytes", limit),
                Knob::new("memory", "memory.max", limit),
            );
        }
        if let Some(cpus) = self.cpus {
            let quota = quota(cpus);
            set(
                "--cpus",
                Knob::new("cpu", "cpu.cfs_quota_us", quota),
                Knob::new("cpu", "cpu.max", format!("{quota} {CPU_PERIOD}")),
            );
        }
        // ANCHOR_END: memory_and_cpus
        if let Some(list) = &self.cpuset_cpus {
            set(
                "--cpuset-cpus",
                Knob::new("cpuset", "cpuset.cpus", &list.text),
                Knob::new("cpuset", "cpuset.cpus", &list.text),
            );
        }
        // Docker's words for "no limit" are 0 and anything negative.
        if let Some(limit) = self.pids_limit.filter(|&limit| limit > 0) {
            set(
                "--pids-limit",
                Knob::new("pids", "pids.max", limit),
                Knob::new("pids", "pids.max", limit),
            );
        }
        for rate in &self.device_read_bps {
            let (disk, rate) = (disk_number("--device-read-bps", rate)?, rate.rate);
            set(
                "--device-read-bps",
                Knob::new("blkio", "blkio.throttle.read_bps_device", format!("{disk} {rate}")),
                Knob::new("io", "io.max", format!("{disk} rbps={rate}")),
            );
        }
        for rate in &self.device_write_bps {
            let (disk, rate) = (disk_number("--device-write-bps", rate)?, rate.rate);
            set(
                "--device-write-bps",
                Knob::new("blkio", "blkio.throttle.write_bps_device", format!("{disk} {rate}")),
                Knob::new("io", "io.max", format!("{disk} wbps={rate}")),
            );
        }
        // After --memory: v1 wants the sum to be no less than the part at any time.
        settings.extend(self.swap()?);
        Ok(Limits { path: None, settings })
    }

    fn swap(&self) -> Result<Option<Setting>> {
        let Some(memory) = self.memory else { return Ok(None) };
        let total = match self.memory_swap.unwrap_or(Swap::Total(memory.saturating_mul(2))) {
            Swap::Unlimited => None,
            Swap::Total(total) => Some(total),
        };
        if let Some(total) = total.filter(|&total| total < memory) {
            let step =
                format!("--memory-swap {} is less than --memory {}", size(total), size(memory));
            return Err(
                Error::new(step).with_hint("it is memory and swap together; equal: no swap")
            );
        }
        let sum = total.map_or("-1".to_owned(), |total| total.to_string());
        let swap_alone = total.map_or("max".to_owned(), |total| (total - memory).to_string());
        Ok(Some(Setting {
            option: "--memory-swap".to_owned(),
            v1: Knob::new("memory", "memory.memsw.limit_in_bytes", sum),
            v2: Knob::new("memory", "memory.swap.max", swap_alone),
            is_default: self.memory_swap.is_none(),
        }))
    }
}

/// `254:0`: the kernel knows disks by number.
fn disk_number(option: &str, rate: &DeviceRate) -> Result<String> {
    let step = || format!("{option} {}", rate.device.display());
    let metadata = fs::metadata(&rate.device).step(step)?;
    if !metadata.file_type().is_block_device() {
        return Err(Error::new(format!("{}: not a block device", step()))
            .with_hint("lsblk lists the disks of this host"));
    }
    Ok(format!("{}:{}", major(metadata.rdev()), minor(metadata.rdev())))
}
