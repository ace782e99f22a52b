//! Sets the name without a namespace for it: it is the host's name then.

use std::fs;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::unistd::sethostname;
use process::{CloneFlags, Result, Step};

pub fn namespaces() -> CloneFlags {
    CloneFlags::CLONE_NEWIPC
}

pub fn set(name: &str, root: &Path, files: &Path) -> Result<()> {
    sethostname(name).step(|| format!("set the host name {name}"))?;
    let ours = files.join("hosts");
    fs::write(&ours, format!("127.0.1.1 {name}\n")).step(|| "write hosts")?;
    let nothing = None::<&str>;
    mount(Some(&ours), &root.join("etc/hosts"), nothing, MsFlags::MS_BIND, nothing)
        .step(|| "bind hosts")
}
