//! Removing a tree without ever deleting through a mount.
//!
//! A bind mount that is still there makes somebody's files look like ours, and a
//! recursive delete does not notice. So first we ask the kernel whether anything is
//! mounted below, and refuse if so.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use process::{Error, Result, Step};

// ANCHOR: refuse
/// Removes `dir` and everything in it; one that does not exist is fine.
///
/// # Errors
/// If something is mounted on it or below it.
pub fn remove_tree(dir: &Path) -> Result<()> {
    refuse_mounts(dir)?;
    // Links are removed, never followed.
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.step(|| format!("remove {}", dir.display())),
    }
}
// ANCHOR_END: refuse

/// Fails if anything is mounted on `dir` or below it, in this mount namespace.
///
/// # Errors
/// If so, or if the kernel does not tell.
pub fn refuse_mounts(dir: &Path) -> Result<()> {
    let step = || format!("remove {}", dir.display());
    let real = match dir.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        real => real.step(step)?,
    };
    let below = mount_points()?.into_iter().filter(|mount| mount.starts_with(&real));
    // The last one mounted may lie on or in an earlier one.
    let mut mounts: Vec<_> = below.map(|mount| mount.display().to_string()).collect();
    mounts.reverse();
    match mounts.last() {
        None => Ok(()),
        Some(mount) => Err(Error::new(format!("{}: {mount} is mounted there", step()))
            .hint(format!("end what uses it, then: umount {}", mounts.join(" ")))),
    }
}

/// Where something is mounted in this process's mount namespace: the fifth field of
/// /proc/self/mountinfo, proc_pid_mountinfo(5).
fn mount_points() -> Result<Vec<PathBuf>> {
    let table = fs::read("/proc/self/mountinfo").step(|| "read /proc/self/mountinfo")?;
    Ok(table
        .split(|&byte| byte == b'\n')
        .filter_map(|line| line.split(|&byte| byte == b' ').nth(4))
        .map(unescape)
        .collect())
}

/// The kernel writes space, tab, newline and backslash as `\040` and so on.
fn unescape(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let octal = tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok());
        match octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) if first == b'\\' => {
                bytes.push(byte);
                rest = &tail[3..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    OsString::from_vec(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_with_a_space_is_read_back() {
        assert_eq!(unescape(br"/mnt/my\040disk"), Path::new("/mnt/my disk"));
        assert_eq!(unescape(b"/plain\\"), Path::new("/plain\\"));
        assert_eq!(unescape(b"/x123"), Path::new("/x123"));
    }
}
