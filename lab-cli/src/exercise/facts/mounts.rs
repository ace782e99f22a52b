//! The mount table of a process, and what its root directory is.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;

use nix::fcntl::OFlag;
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::fstat;

use super::scene::{Found, Look, Scene, Seen, Subject};
use crate::view;
use crate::view::mountinfo::{self, Mount};
use crate::view::proc::Proc;

/// How many roots on top of one another are taken off.
const MOST_ROOTS: usize = 8;

pub const LOOKS: &[Look] = &[
    // own or shared: whether `/` means the same directory as on the host
    Look { name: "root", run: root },
    // own or shared: whether the root of its *mount namespace* is the host's. A chroot
    // leaves that as it is
    Look { name: "root of mounts", run: root_of_mounts },
    // the names in the root that lies below the root of its mount namespace, if another one
    // does: no path leads there, but an unmount
    Look { name: "files below the root", run: below_the_root },
    // all mount points that it can reach from its root
    Look { name: "mounts", run: |_, subject, _| table(subject, target) },
    // the file system type at a mount point, of what is mounted there last
    Look { name: "mount type", run: |_, it, at| one(it, at, |mount| mount.file_system.clone()) },
    // rw or ro
    Look { name: "mount access", run: |_, it, at| one(it, at, access) },
    // private, shared, slave or unbindable
    Look { name: "mount propagation", run: |_, it, at| one(it, at, propagation) },
    // rw,nosuid,nodev …
    Look { name: "mount flags", run: |_, it, at| one(it, at, |mount| mount.flags.clone()) },
    // the file system's own options, such as an overlay's lowerdir=…
    Look { name: "mount options", run: |_, it, at| options(it, at) },
    // which directory of the file system is mounted there
    Look { name: "mount directory", run: |_, it, at| one(it, at, directory) },
    // the propagation of all mounts, each once
    Look { name: "propagations", run: propagations },
];

fn root(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let identity = |process: &Proc| {
        let root = process.file("root", OFlag::O_PATH | OFlag::O_DIRECTORY)?;
        fstat(&root).map(|stat| (stat.st_dev, stat.st_ino))
    };
    let at = subject.path("root");
    let host = Proc::open(scene.sandbox.pid()).map(|host| identity(&host));
    match (identity(&subject.proc), host) {
        (Ok(own), Ok(Ok(host))) => Seen::text(at, if own == host { "shared" } else { "own" }),
        (Err(errno), _) => Seen::nothing(at, errno.desc()),
        _ => Seen::nothing(at, "the host cannot be seen"),
    }
}

/// The root of the namespace is found by entering it: setns(2) makes it ours.
fn root_of_mounts(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let identity = |pid| {
        view::standing_in(pid, || {
            let data = fs::metadata("/").map_err(|error| error.to_string())?;
            Ok(format!("{}:{}", data.dev(), data.ino()))
        })
    };
    let at = format!("the root of the mount namespace of process {}", subject.pid);
    match (identity(subject.pid), identity(scene.sandbox.pid())) {
        (Ok(own), Ok(host)) => Seen::text(at, if own == host { "shared" } else { "own" }),
        (Err(why), _) | (_, Err(why)) => Seen::nothing(at, why),
    }
}

/// A root that was moved over another one hides it, also from mountinfo. A process that may
/// unmount takes it off and is in the other one. So we try that, in a copy of the
/// namespace.
fn below_the_root(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = format!("the mount namespace of process {}, unmounting /", subject.pid);
    let names = view::in_copy_of_mounts(subject.pid, |copy| {
        let nothing = None::<&str>;
        mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
            .map_err(|errno| errno.desc().to_owned())?;
        let mut names = BTreeSet::new();
        for _ in 0..MOST_ROOTS {
            // The namespace's only root cannot be unmounted.
            if umount2("/", MntFlags::MNT_DETACH).is_err() {
                break;
            }
            setns(copy, CloneFlags::CLONE_NEWNS).map_err(|errno| errno.desc().to_owned())?;
            let entries = fs::read_dir("/").into_iter().flatten().flatten();
            names.extend(entries.map(|entry| entry.file_name().to_string_lossy().into_owned()));
        }
        Ok(names.into_iter().collect::<Vec<_>>().join("/"))
    });
    match names {
        // No name has a slash in it.
        Ok(names) => Seen::list(at, names.split_terminator('/').map(str::to_owned).collect()),
        Err(why) => Seen::nothing(at, why),
    }
}

fn propagations(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let mut seen = table(subject, propagation);
    if let Found::List(list) = &mut seen.found {
        list.sort();
        list.dedup();
    }
    seen
}

fn table(subject: &Subject, what: impl Fn(&Mount) -> String) -> Seen {
    let at = subject.path("mountinfo");
    match mountinfo::read(&subject.proc) {
        Some(mounts) => Seen::list(at, mounts.iter().map(what).collect()),
        None => Seen::nothing(at, "it has ended"),
    }
}

fn one(subject: &Subject, point: &str, what: impl Fn(&Mount) -> String) -> Seen {
    let at = format!("{} on {point}", subject.path("mountinfo"));
    let mounts = mountinfo::read(&subject.proc).unwrap_or_default();
    match mounts.iter().rfind(|mount| mount.target == point) {
        Some(mount) => Seen::text(at, what(mount)),
        None => Seen::nothing(at, "no such mount point"),
    }
}

pub(super) fn options(subject: &Subject, point: &str) -> Seen {
    one(subject, point, |mount| mount.options.to_string_lossy().into_owned())
}

fn target(mount: &Mount) -> String {
    mount.target.to_string_lossy().into_owned()
}

fn directory(mount: &Mount) -> String {
    mount.directory.to_string_lossy().into_owned()
}

fn access(mount: &Mount) -> String {
    if mount.read_only { "ro" } else { "rw" }.to_owned()
}

/// `shared:1` is told as such; a private mount has no such field.
fn propagation(mount: &Mount) -> String {
    let kinds = [("shared", "shared"), ("master", "slave"), ("unbindable", "unbindable")];
    let found = kinds.iter().find(|(field, _)| {
        mount.propagation.iter().any(|tag| tag.split(':').next() == Some(*field))
    });
    found.map_or("private", |(_, name)| name).to_owned()
}
