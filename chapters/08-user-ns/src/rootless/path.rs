//! Where the host's programs are: `PATH`.

use std::ffi::OsString;

/// Whether there is such a program.
pub(super) fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).exists())
}

/// Ours, and where root finds nft, ip and the like.
pub(super) fn path_of_root() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    path
}
