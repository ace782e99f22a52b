//! Joins as well. But the process that is inside was forked before.

use std::fs::{self, File};

use nix::sched::{CloneFlags, setns};
use nix::unistd::{ForkResult, Pid, fork};
use process::{Result, Step, exit_now};

use crate::container::code_of;

const KINDS: [&str; 6] = ["cgroup", "ipc", "net", "uts", "pid", "mnt"];

pub fn enter(first: Pid) -> Result<()> {
    let first_pid = first;
    let procs: Vec<File> = open_cgroups(first_pid)?;
    let open = |kind| {
        let path = format!("/proc/{first}/ns/{kind}");
        File::open(&path).step(|| format!("open {path}"))
    };
    let opened: Result<Vec<File>> = KINDS.into_iter().map(open).collect();
    for (kind, file) in KINDS.into_iter().zip(opened?) {
        setns(file, CloneFlags::empty()).step(|| format!("join the {kind} namespace"))?;
    }
    // SAFETY: this process has one thread only.
    match unsafe { fork() }.step(|| "fork the process that is inside")? {
        ForkResult::Child => Ok(()),
        ForkResult::Parent { child } => {
            for mut file in procs {
                // "0" means whoever writes it.
                std::io::Write::write_all(&mut file, b"0").step(|| "join a cgroup")?;
            }
            exit_now(code_of(child)?.into())
        }
    }
}

/// The files by which one joins the cgroups of a process.
fn open_cgroups(of: Pid) -> Result<Vec<File>> {
    let (theirs, ours) = (cgroups::of_process(of)?, cgroups::of_process(Pid::this())?);
    let others = theirs.iter().zip(&ours).filter(|(place, own)| place.path != own.path);
    let files = others.filter_map(|(place, _)| Some(place.dir()?.join("cgroup.procs")));
    files
        .map(|file| fs::OpenOptions::new().write(true).open(file).step(|| "open a cgroup"))
        .collect()
}
