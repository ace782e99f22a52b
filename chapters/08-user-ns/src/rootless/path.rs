//! Where root's programs are on a host: `PATH`, and more.

use std::ffi::OsString;

/// Ours, and where root finds nft, ip and the like.
pub(super) fn path_of_root() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    path
}
