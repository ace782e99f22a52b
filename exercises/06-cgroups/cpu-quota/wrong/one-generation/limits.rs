//! Right on the host where it was written.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

pub fn set_cpus(cgroup: &Cgroup, cpus: f64) -> Result<()> {
    match cgroup.version {
        Version::V1 => {
            cgroup.write("cpu.cfs_period_us", 100_000)?;
            cgroup.write("cpu.cfs_quota_us", (cpus * 100_000.0).round())
        }
        Version::V2 => todo!(),
    }
}
