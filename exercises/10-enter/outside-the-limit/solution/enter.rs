//! Comes into a container that runs.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

/// What the container has for itself. `cgroup` is what is seen of the cgroups, and no membership.
const KINDS: [&str; 6] = ["cgroup", "ipc", "net", "uts", "pid", "mnt"];

/// Comes into the container whose first process is `first`, and returns in there.
pub fn enter(first: Pid) -> Result<()> {
    let places = open_cgroups(first)?;
    // All are opened before any is joined: from the mount namespace on, /proc is the container's.
    let open = |kind| {
        let path = format!("/proc/{first}/ns/{kind}");
        File::open(&path).step(|| format!("open {path}"))
    };
    let opened: Result<Vec<File>> = KINDS.into_iter().map(open).collect();
    for (kind, file) in KINDS.into_iter().zip(opened?) {
        setns(file, CloneFlags::empty()).step(|| format!("join the {kind} namespace"))?;
    }
    // This process has the number it had. Its children get one of the container's.
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the process that is inside")? {
        ForkResult::Child => places.into_iter().try_for_each(|mut place| {
            // "0" means whoever writes it. The one who waits outside is not to be counted.
            place.write_all(b"0").step(|| "join a cgroup")
        }),
        ForkResult::Parent { child } => exit_now(code_of(child)?.into()),
    }
}

/// Opens the cgroups of a process, in each tree in which it is elsewhere than we are.
fn open_cgroups(of: Pid) -> Result<Vec<File>> {
    let (theirs, ours) = (cgroups::of_process(of)?, cgroups::of_process(Pid::this())?);
    let others = theirs.iter().zip(&ours).filter(|(place, own)| place.path != own.path);
    let files = others.filter_map(|(place, _)| Some(place.dir()?.join("cgroup.procs")));
    let open = |path: PathBuf| {
        File::options().write(true).open(&path).step(|| format!("open {}", path.display()))
    };
    files.map(open).collect()
}
