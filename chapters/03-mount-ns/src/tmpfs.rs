//! Fresh file systems in memory: `tmpfs(5)`.
//!
//! Options of mount(8) are of two kinds. Some are flags of the mount, and the kernel has
//! a bit for each; the rest are the file system's own, and it gets them as one text:
//!
//! ```text
//!   --tmpfs /run:exec,size=64k
//!                │    └─ data, for tmpfs
//!                └─ takes MS_NOEXEC away, which is there unless told otherwise
//! ```

use std::path::PathBuf;
use std::str::FromStr;

use nix::mount::MsFlags;

use crate::root::absolute;

/// `DST[:OPTIONS]`, with the options of mount(8): `/run:size=64k,exec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tmpfs {
    /// Where the container sees it; an absolute path.
    pub target: PathBuf,
    /// What the kernel calls mount flags.
    pub flags: MsFlags,
    /// What is left to the file system: `size=64k`, `mode=1777`, see tmpfs(5).
    pub data: String,
}

impl FromStr for Tmpfs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (target, options) = text.split_once(':').unwrap_or((text, ""));
        let mut flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        let mut data = Vec::new();
        for option in options.split(',').filter(|option| !option.is_empty()) {
            match option {
                "defaults" => {}
                "ro" => flags.insert(MsFlags::MS_RDONLY),
                "rw" => flags.remove(MsFlags::MS_RDONLY),
                "noexec" => flags.insert(MsFlags::MS_NOEXEC),
                "exec" => flags.remove(MsFlags::MS_NOEXEC),
                "nosuid" => flags.insert(MsFlags::MS_NOSUID),
                "suid" => flags.remove(MsFlags::MS_NOSUID),
                "nodev" => flags.insert(MsFlags::MS_NODEV),
                "dev" => flags.remove(MsFlags::MS_NODEV),
                "sync" => flags.insert(MsFlags::MS_SYNCHRONOUS),
                "async" => flags.remove(MsFlags::MS_SYNCHRONOUS),
                "dirsync" => flags.insert(MsFlags::MS_DIRSYNC),
                "noatime" => flags.insert(MsFlags::MS_NOATIME),
                "atime" => flags.remove(MsFlags::MS_NOATIME),
                "nodiratime" => flags.insert(MsFlags::MS_NODIRATIME),
                "diratime" => flags.remove(MsFlags::MS_NODIRATIME),
                "relatime" => flags.insert(MsFlags::MS_RELATIME),
                "strictatime" => flags.insert(MsFlags::MS_STRICTATIME),
                other if OF_TMPFS.contains(&name_of(other)) => data.push(other),
                other => return Err(format!("a tmpfs has no option {other}: see tmpfs(5)")),
            }
        }
        Ok(Self { target: absolute(target)?, flags, data: data.join(",") })
    }
}

/// What tmpfs(5) takes beside the flags of every mount.
const OF_TMPFS: [&str; 9] =
    ["size", "nr_blocks", "nr_inodes", "mode", "uid", "gid", "mpol", "huge", "noswap"];

/// The part of an option before its value.
fn name_of(option: &str) -> &str {
    option.split_once('=').map_or(option, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tmpfs_is_harmless_unless_told_otherwise() {
        let tmpfs: Tmpfs = "/run:exec,size=64k,mode=700".parse().unwrap();
        assert_eq!(tmpfs.flags, MsFlags::MS_NOSUID | MsFlags::MS_NODEV);
        assert_eq!(tmpfs.data, "size=64k,mode=700");
        let tmpfs: Tmpfs = "/run:defaults,noatime,relatime".parse().unwrap();
        assert_eq!(tmpfs.data, "");
        assert!("/run:size=1m,sizes=2m".parse::<Tmpfs>().unwrap_err().contains("sizes=2m"));
    }
}
