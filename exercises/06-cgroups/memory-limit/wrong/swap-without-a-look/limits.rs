//! Takes it for granted that the kernel accounts swap.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

pub fn set_memory(cgroup: &Cgroup, bytes: u64) -> Result<()> {
    match cgroup.version {
        Version::V1 => {
            cgroup.write("memory.limit_in_bytes", bytes)?;
            cgroup.write("memory.memsw.limit_in_bytes", bytes)
        }
        Version::V2 => {
            cgroup.write("memory.max", bytes)?;
            cgroup.write("memory.swap.max", 0)
        }
    }
}
