//! Prints the limit.

use process::Result;

use crate::cgroup::Cgroup;
use crate::trees::Version;

pub fn set_memory(cgroup: &Cgroup, bytes: u64) -> Result<()> {
    let file = match cgroup.version {
        Version::V1 => "memory.limit_in_bytes",
        Version::V2 => "memory.max",
    };
    println!("{file}: {bytes}");
    Ok(())
}
