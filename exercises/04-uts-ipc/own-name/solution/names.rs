//! The container's name: the kernel's idea of it, and the C library's.

use std::fs;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::unistd::sethostname;
use process::{CloneFlags, Result, Step};

/// The namespaces that the container needs beside those for processes and mounts.
pub fn namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC
}

/// Names the container. It runs inside its new namespaces, before the pivot.
pub fn set(name: &str, root: &Path, files: &Path) -> Result<()> {
    sethostname(name).step(|| format!("set the host name {name}"))?;

    let (ours, theirs) = (files.join("hosts"), root.join("etc/hosts"));
    let text = format!("127.0.0.1 localhost\n127.0.1.1 {name}\n");
    fs::write(&ours, text).step(|| format!("write {}", ours.display()))?;
    // A mount over the file hides it, in this mount namespace and nowhere else.
    let nothing = None::<&str>;
    mount(Some(&ours), &theirs, nothing, MsFlags::MS_BIND, nothing)
        .step(|| format!("bind {} over {}", ours.display(), theirs.display()))
}
