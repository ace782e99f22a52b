//! The files of a cgroup that limit its memory.

use process::Result;

use crate::cgroup::Cgroup;

/// Limits what all processes in the cgroup have together.
///
/// When it returns, this is so:
///
/// - they have at most `bytes` of memory; who wants more is killed;
/// - nothing of it goes to swap instead, which would only be slower, and use up what belongs
///   to everybody;
/// - on a kernel that does not account swap (it has no file for that), the first is enough.
///
/// It works on both generations, `cgroup.version`.
pub fn set_memory(cgroup: &Cgroup, bytes: u64) -> Result<()> {
    let _ = (cgroup, bytes);
    todo!()
}
