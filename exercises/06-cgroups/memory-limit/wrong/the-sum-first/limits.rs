//! Makes the sum of memory and swap less than the memory, which v1 refuses.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

pub fn set_memory(cgroup: &Cgroup, bytes: u64) -> Result<()> {
    let (memory, swap, most) = match cgroup.version {
        Version::V1 => ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", bytes),
        Version::V2 => ("memory.max", "memory.swap.max", 0),
    };
    if cgroup.has(swap) {
        cgroup.write(swap, most)?;
    }
    cgroup.write(memory, bytes)
}
