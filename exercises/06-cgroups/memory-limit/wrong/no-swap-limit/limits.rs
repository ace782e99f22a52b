//! Forgets the swap: a limit that one can get around slowly.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

pub fn set_memory(cgroup: &Cgroup, bytes: u64) -> Result<()> {
    match cgroup.version {
        Version::V1 => cgroup.write("memory.limit_in_bytes", bytes),
        Version::V2 => cgroup.write("memory.max", bytes),
    }
}
