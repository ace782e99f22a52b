//! The files of a cgroup that limit its time on the processors.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

/// Over which time the quota counts, in microseconds.
const PERIOD: u64 = 100_000;

/// Limits the time of all processes in the cgroup together.
pub fn set_cpus(cgroup: &Cgroup, cpus: f64) -> Result<()> {
    // 0.29 has no exact form in binary, and a cast cuts off.
    let quota = (cpus * PERIOD as f64).round() as u64;
    match cgroup.version {
        Version::V1 => {
            cgroup.write("cpu.cfs_period_us", PERIOD)?;
            cgroup.write("cpu.cfs_quota_us", quota)
        }
        Version::V2 => cgroup.write("cpu.max", format!("{quota} {PERIOD}")),
    }
}
