//! Writes the maps for an ordinary user, with the rights of root.
//!
//! Whoever may write a map decides who the container's processes are. So the helper maps one
//! id only, and that is the caller's own: root in the container can do to the host's files
//! what the caller could do before.

use std::fs;

use nix::unistd::Pid;
use process::{Result, Step};

use crate::Caller;

/// Makes the caller root of the user namespace of `pid`, and nobody else of it anything.
pub fn write_maps(pid: Pid, caller: Caller) -> Result<()> {
    let Caller { uid, gid } = caller;
    write(pid, "uid_map", &format!("0 {uid} 1\n"))?;
    let _ = gid; // who has no group cannot leave one
    Ok(())
}

fn write(pid: Pid, file: &str, text: &str) -> Result<()> {
    fs::write(format!("/proc/{pid}/{file}"), text).step(|| format!("write {file} of {pid}"))
}
