//! A file system of the host, taken from under its feet.

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use process::Step;

use crate::attack::places::{IMAGE, MNT};
use crate::attack::target::Attack;

/// What the host's file system is called in the mount table.
const SOURCE: &str = "lab-victim";

pub const ATTACK: Attack = Attack {
    name: "unmount",
    title: "unmount a host's file system",
    tries: "unmount a file system of the host that it has been given, as a volume, or before \
            there are volumes because it is mounted in the image.",
    why: "in a mount namespace of its own the container has copies of the host's mounts, and as \
          they are private, what becomes of a copy does not become of the original.",
    reference: "mount_namespaces(7), umount(2)",
    stopped_by: 3,
    run: |target| {
        let has_volumes = target.chapter.number >= 3;
        let image = format!("{IMAGE}{MNT}");
        let place = if has_volumes { MNT } else { image.as_str() };
        mount(Some(SOURCE), place, Some("tmpfs"), MsFlags::empty(), None::<&str>)
            .step(|| format!("mount a tmpfs on {place}"))?;
        let volume: &[&str] = if has_volumes { &["-v", "/mnt:/mnt"] } else { &[] };
        let seen = if target.chapter.number == 0 { place } else { MNT };
        let said = target.attack(volume, &[seen])?;
        let mounts = mount_ns::mount_table()?;
        Ok(said.judged(
            !mounts.iter().any(|mount| mount.source == SOURCE),
            "the host does not have it any more",
        ))
    },
    inside: |words| {
        let place = words.concat();
        umount2(place.as_str(), MntFlags::MNT_DETACH).step(|| format!("unmount {place}"))?;
        Ok("unmounted".to_owned())
    },
};
