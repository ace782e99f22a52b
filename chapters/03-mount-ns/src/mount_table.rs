//! The mount table, as the kernel tells it of this process: /proc/self/mountinfo.
//!
//! ```text
//!   36 35 98:0 /srv /mnt/my\040disk ro,noatime shared:1 - ext4 /dev/vda rw,discard
//!              │    │                                     │           └ options
//!              root target                                type
//! ```
//!
//! The paths are bytes, as all names are: a USB stick may be called by a name that is no
//! UTF-8. Space, tab, newline and backslash are written as `\040` and so on,
//! proc_pid_mountinfo(5).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use process::{Result, Step, kernel_file};

/// What is mounted somewhere, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted {
    /// Which directory of its file system is mounted: mostly `/`.
    pub root: PathBuf,
    /// Where.
    pub target: PathBuf,
    /// The type of the file system, such as `cgroup2`.
    pub kind: Vec<u8>,
    /// What is mounted: a device, or a word of the mounter's choice.
    pub source: OsString,
    /// The file system's own options, with commas between.
    pub options: Vec<u8>,
}

/// All mounts of this process's mount namespace, the oldest first.
///
/// # Errors
/// If /proc is not there.
pub fn mount_table() -> Result<Vec<Mounted>> {
    let table = kernel_file::read("/proc/self/mountinfo").step(|| "read /proc/self/mountinfo")?;
    Ok(table.split(|&byte| byte == b'\n').filter_map(parse).collect())
}

fn parse(line: &[u8]) -> Option<Mounted> {
    let mut fields = line.split(|&byte| byte == b' ');
    let mut next = || fields.next();
    let root = next().and(next()).and(next()).and(next())?;
    let target = next()?;
    // A field called `-` ends the optional ones.
    while next()? != b"-" {}
    let (kind, source, options) = (next()?, next()?, next()?);
    let path = |field| PathBuf::from(unescape(field));
    Some(Mounted {
        root: path(root),
        target: path(target),
        kind: kind.to_owned(),
        source: unescape(source),
        options: options.to_owned(),
    })
}

/// What a field of the table stands for.
pub fn unescape(field: &[u8]) -> OsString {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..3).filter(|_| first == b'\\');
        let octal = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let octal = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        let (byte, read) = octal.map_or((first, 0), |byte| (byte, 3));
        bytes.push(byte);
        rest = &tail[read..];
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_point_with_a_space_is_read_back() {
        assert_eq!(unescape(br"/mnt/my\040disk"), "/mnt/my disk");
        assert_eq!(unescape(b"/plain\\"), "/plain\\");
        assert_eq!(unescape(b"/x123"), "/x123");
    }

    #[test]
    fn a_line_has_fields_that_are_optional_and_names_of_any_bytes() {
        let line = b"36 35 98:0 / /mnt/caf\xe9 ro shared:1 master:2 - cgroup cgroup rw,memory";
        let mount = parse(line).unwrap();
        assert_eq!(mount.target.as_os_str().as_encoded_bytes(), b"/mnt/caf\xe9");
        assert_eq!((&*mount.kind, &*mount.options), (&b"cgroup"[..], &b"rw,memory"[..]));
        assert_eq!(parse(b"22 27 0:21 / /proc rw - proc  rw").unwrap().kind, b"proc");
    }
}
