//! What the program has left behind, when it has ended and the sandbox has not.

use super::cgroups;
use super::scene::{Look, Scene, Seen, Subject};
use super::tree;
use crate::view;
use crate::view::mountinfo;

pub const LOOKS: &[Look] = &[
    // the names of processes that are still there
    Look { name: "left processes", run: left_processes },
    // mount points on the host below /image, /work, /mnt, /tmp and /run
    Look { name: "left mounts", run: mounts },
    // cgroups that it has made
    Look { name: "left cgroups", run: left_cgroups },
    // network links beside lo
    Look { name: "left links", run: links },
];

/// Where nothing is mounted in a new sandbox.
const EMPTY: [&str; 5] = ["/image", "/work", "/mnt", "/tmp", "/run"];

fn left_processes(scene: &Scene<'_>, _: &Subject, _: &str) -> Seen {
    let left = tree::of(scene.sandbox).into_iter();
    let names = left.filter(|process| !tree::is_zombie(process));
    let names = names.map(|process| process.status().name().to_string()).collect();
    Seen::list("the processes in the sandbox", names)
}

fn mounts(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = subject.path("mountinfo");
    let Some(mounts) = mountinfo::read(&subject.proc) else {
        return Seen::nothing(at, "it has ended");
    };
    let points = mounts.iter().map(|mount| mount.target.to_string_lossy().into_owned());
    let is_left = |point: &String| {
        EMPTY.iter().any(|dir| {
            point.strip_prefix(dir).is_some_and(|it| it.is_empty() || it.starts_with('/'))
        })
    };
    Seen::list(at, points.filter(is_left).collect())
}

fn left_cgroups(scene: &Scene<'_>, _: &Subject, _: &str) -> Seen {
    let mut left: Vec<String> =
        scene.sandbox.cgroups().flat_map(|top| cgroups::below(top, "")).collect();
    left.sort();
    left.dedup();
    Seen::list("the cgroups below the sandbox's own", left)
}

fn links(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = "the links in the sandbox's network";
    match view::observe(view::Subject::Process(subject.pid)).map(|view| view.network.container) {
        Ok(Some(network)) => {
            let names = network.interfaces.iter().map(|link| link.name.to_string());
            Seen::list(at, names.filter(|name| name != "lo").collect())
        }
        Ok(None) => Seen::nothing(at, "it cannot be entered"),
        Err(why) => Seen::nothing(at, why.to_string()),
    }
}
