//! What mount(8) would get behind `-o` for an overlay.
//!
//! ```text
//!   lowerdir=/over:/image,upperdir=/…/upper,workdir=/…/work,metacopy=off,…
//! ```
//!
//! The topmost lower directory comes first. The work directory is the kernel's, to
//! prepare a file in before it appears in the upper one in a single step; so both must
//! be on one file system.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use process::Result;

// ANCHOR: options
/// What becomes of the upper layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upper {
    /// Somebody reads it afterwards.
    Kept,
    /// Nobody does, not even after a crash: so nothing has to be synced at the end. Linux
    /// 5.10, overlayfs documentation, "Volatile mount".
    Volatile,
}

/// The options for the layers `lower` below `dir`, which holds `upper` and `work`.
pub fn mount_options(lower: &[PathBuf], dir: &Path, upper: Upper) -> Result<OsString> {
    let lower: Vec<_> = lower.iter().map(|dir| escape(dir)).collect();
    let mut options = OsString::from("lowerdir=");
    options.push(lower.join(OsStr::new(":")));
    options.push(",upperdir=");
    options.push(escape(&dir.join("upper")));
    options.push(",workdir=");
    options.push(escape(&dir.join("work")));
    // A renamed directory is then copied by mv(1), so that the upper layer tells by
    // itself what has changed.
    options.push(",metacopy=off,index=off,redirect_dir=");
    options.push(if !process::has_hosts_ids()? {
        // The marks of replaced directories are attributes `trusted.overlay.*`, for the
        // host's root only. Here they are `user.overlay.*` (Linux 5.11), which includes
        // the same about redirects and refuses to be told "off".
        "nofollow,userxattr"
    } else {
        "off"
    });
    if upper == Upper::Volatile {
        options.push(",volatile");
    }
    Ok(options)
}
// ANCHOR_END: options

/// Commas separate the options and colons the layers, unless a backslash precedes.
fn escape(path: &Path) -> OsString {
    let mut escaped = Vec::new();
    for &byte in path.as_os_str().as_bytes() {
        if matches!(byte, b'\\' | b':' | b',') {
            escaped.push(b'\\');
        }
        escaped.push(byte);
    }
    OsString::from_vec(escaped)
}
