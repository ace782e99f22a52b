//! Gives a share among those who compete: alone, it gets everything.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

pub fn set_cpus(cgroup: &Cgroup, cpus: f64) -> Result<()> {
    match cgroup.version {
        Version::V1 => cgroup.write("cpu.shares", (cpus * 1024.0).round()),
        Version::V2 => cgroup.write("cpu.weight", (cpus * 100.0).round()),
    }
}
