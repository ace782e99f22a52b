//! A mount on the host's mount table, put there from inside.

use nix::mount::{MsFlags, mount};
use process::Step;

use crate::attack::places::MNT;
use crate::attack::target::Attack;

/// What the attacker's file system is called in the mount table.
const SOURCE: &str = "lab-intruder";

pub const ATTACK: Attack = Attack {
    name: "mount",
    title: "leave a mount on the host",
    tries: "mount a tmpfs. Where the mount table is shared, the host has it from now on, and \
            whatever was below it is gone from sight.",
    why: "a mount namespace is a mount table of the container's own, and made private before \
          anything is mounted in it.",
    reference: "mount_namespaces(7)",
    stopped_by: 3,
    run: |target| {
        let said = target.attack::<&str>(&[], &[])?;
        let mounts = mount_ns::mount_table()?;
        Ok(said.judged(
            mounts.iter().any(|mount| mount.source == SOURCE),
            "it is in the host's mount table",
        ))
    },
    inside: |_| {
        mount(Some(SOURCE), MNT, Some("tmpfs"), MsFlags::empty(), None::<&str>)
            .step(|| format!("mount a tmpfs on {MNT}"))?;
        Ok("mounted".to_owned())
    },
};
