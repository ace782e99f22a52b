//! The files of a cgroup that limit its memory.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

/// Limits what all processes in the cgroup have together.
pub fn set_memory(cgroup: &Cgroup, bytes: u64) -> Result<()> {
    // The one of v1 is memory and swap together, and may never be less than the memory:
    // so it comes second. The one of v2 is swap alone.
    let (memory, swap, most) = match cgroup.version {
        Version::V1 => ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", bytes),
        Version::V2 => ("memory.max", "memory.swap.max", 0),
    };
    cgroup.write(memory, bytes)?;
    if cgroup.has(swap) {
        cgroup.write(swap, most)?;
    }
    Ok(())
}
