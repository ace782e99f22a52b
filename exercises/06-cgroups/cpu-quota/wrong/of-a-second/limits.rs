//! Takes the period for a second.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

pub fn set_cpus(cgroup: &Cgroup, cpus: f64) -> Result<()> {
    let quota = (cpus * 1_000_000.0).round() as u64;
    match cgroup.version {
        Version::V1 => cgroup.write("cpu.cfs_quota_us", quota),
        Version::V2 => cgroup.write("cpu.max", format!("{quota} 100000")),
    }
}
