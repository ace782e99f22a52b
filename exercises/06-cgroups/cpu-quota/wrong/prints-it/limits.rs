//! Prints the quota.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

pub fn set_cpus(cgroup: &Cgroup, cpus: f64) -> Result<()> {
    let file = match cgroup.version {
        Version::V1 => "cpu.cfs_quota_us",
        Version::V2 => "cpu.max",
    };
    println!("{file}: {} 100000", cpus * 100_000.0);
    Ok(())
}
