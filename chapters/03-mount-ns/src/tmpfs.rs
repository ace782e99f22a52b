//! Fresh file systems in memory: `tmpfs(5)`.
//!
//! ```text
//!   --tmpfs /run:exec,size=64k
//!                │    └─ of tmpfs itself
//!                └─ takes MS_NOEXEC away, which is there unless told otherwise
//! ```

use std::ffi::OsStr;
use std::str::FromStr;

use crate::root::absolute;
use crate::{Mount, flags_and_data};

/// `DST[:OPTIONS]`, with the options of mount(8): `/run:size=64k,exec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tmpfs(Mount);

impl FromStr for Tmpfs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (target, options) = text.split_once(':').unwrap_or((text, ""));
        Self::new(target.as_ref(), options)
    }
}

impl Tmpfs {
    /// One on a path of the container, harmless unless the options say otherwise.
    pub(crate) fn new(target: &OsStr, options: &str) -> Result<Self, String> {
        let options = format!("nosuid,nodev,noexec,{options}");
        let mount = Mount::new("tmpfs", absolute(target)?, &options);
        let (_, data) = flags_and_data(&mount.options);
        let is_known = |word: &&str| OF_TMPFS.contains(&name_of(word));
        match data.split(',').filter(|word| !word.is_empty()).find(|word| !is_known(word)) {
            None => Ok(Self(mount)),
            Some(other) => Err(format!("a tmpfs has no option {other}: see tmpfs(5)")),
        }
    }

    /// The mount that it is.
    pub(crate) fn resolve(&self) -> Mount {
        self.0.clone()
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
    use nix::mount::MsFlags;

    use super::*;

    #[test]
    fn a_tmpfs_is_harmless_unless_told_otherwise() {
        let parts = |text: &str| flags_and_data(&text.parse::<Tmpfs>().unwrap().resolve().options);
        let (flags, data) = parts("/run:exec,size=64k,mode=700");
        assert_eq!(flags, MsFlags::MS_NOSUID | MsFlags::MS_NODEV);
        assert_eq!(data, "size=64k,mode=700");
        assert_eq!(parts("/run:defaults,noatime,relatime").1, "");
        assert!("/run:size=1m,sizes=2m".parse::<Tmpfs>().unwrap_err().contains("sizes=2m"));
    }
}
