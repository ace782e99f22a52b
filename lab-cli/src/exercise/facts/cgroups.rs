//! Cgroups: in which one a process is, and what is set there.

use std::fs;

use ::cgroups::{Membership, Usage, Version, limits_of, of_process};

use super::scene::{Look, Scene, Seen, Subject};

pub const LOOKS: &[Look] = &[
    // own or shared: whether it is in another cgroup than the host, in the hierarchy of
    // a controller: cgroup memory
    Look { name: "cgroup", run: membership },
    // limits that hold for it, in bytes, processes, processors; "none" for none
    Look {
        name: "limit memory",
        run: |_, it, _| limit(it, |usage| usage.memory_limit.map(|n| n.to_string())),
    },
    Look {
        name: "limit pids",
        run: |_, it, _| limit(it, |usage| usage.pids_limit.map(|n| n.to_string())),
    },
    Look {
        name: "limit cpus",
        run: |_, it, _| limit(it, |usage| usage.cpus.map(|n| n.to_string())),
    },
    // the swap its cgroup may use beside the memory, in bytes
    Look { name: "limit swap", run: swap },
    // a file of its cgroup: cgroup file pids pids.max
    Look { name: "cgroup file", run: file },
    // the names of the cgroups that the program has made, in the hierarchy of a controller
    Look { name: "cgroups", run: made },
];

fn place(subject: &Subject, controller: &str) -> Result<Membership, String> {
    let places = of_process(subject.pid).map_err(|error| error.to_string())?;
    // A controller is in one hierarchy at a time; v2 goes by no name.
    let named = places.iter().find(|place| place.hierarchy.has(controller));
    let found =
        named.or_else(|| places.iter().find(|place| place.hierarchy.controllers.is_empty()));
    found.cloned().ok_or_else(|| format!("no hierarchy has the controller {controller}"))
}

fn membership(scene: &Scene<'_>, subject: &Subject, controller: &str) -> Seen {
    let at = subject.path("cgroup");
    let host = Subject::host(scene).and_then(|host| place(&host, controller));
    match (place(subject, controller), host) {
        (Ok(own), Ok(host)) => Seen::text(at, if own.path == host.path { "shared" } else { "own" }),
        (Err(why), _) | (_, Err(why)) => Seen::nothing(at, why),
    }
}

fn limit(subject: &Subject, which: impl Fn(&Usage) -> Option<String>) -> Seen {
    let at = format!("the cgroups of process {}", subject.pid);
    match limits_of(subject.pid) {
        Ok(usage) => Seen::text(at, which(&usage).unwrap_or_else(|| "none".to_owned())),
        Err(error) => Seen::nothing(at, error.to_string()),
    }
}

/// v2 limits swap by itself, v1 memory and swap together.
fn swap(_: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let found = place(subject, "memory")
        .and_then(|place| Ok((place.dir().ok_or("it is not mounted here")?, place)));
    let (dir, place) = match found {
        Ok(found) => found,
        Err(why) => return Seen::nothing(format!("the cgroup of process {}", subject.pid), why),
    };
    let (file, beside) = match place.hierarchy.version {
        Version::V1 => ("memory.memsw.limit_in_bytes", Some("memory.limit_in_bytes")),
        Version::V2 => ("memory.swap.max", None),
    };
    let at = dir.join(file).display().to_string();
    let number = |file: &str| fs::read_to_string(dir.join(file)).ok()?.trim().parse::<u64>().ok();
    if !dir.join(file).exists() {
        // Then there is nothing that an answer could have done.
        return Seen::text(at, "0 (this kernel does not account swap)");
    }
    // v1's word for no limit is the largest multiple of a page.
    let limit = number(file).filter(|&limit| limit < i64::MAX as u64 - 0xffff);
    match (limit, beside.map(number)) {
        (Some(sum), Some(Some(memory))) => Seen::text(at, sum.saturating_sub(memory).to_string()),
        (Some(swap), _) => Seen::text(at, swap.to_string()),
        (None, _) => Seen::text(at, "none"),
    }
}

fn file(_: &Scene<'_>, subject: &Subject, words: &str) -> Seen {
    let (controller, name) = words.split_once(' ').unwrap_or((words, "cgroup.procs"));
    let path = place(subject, controller)
        .and_then(|place| place.dir().ok_or_else(|| "its cgroup is not mounted here".to_owned()));
    match path.map(|dir| dir.join(name)) {
        Ok(path) => {
            let text = fs::read_to_string(&path).map(|text| text.trim().to_owned());
            Seen::of(path.display().to_string(), text)
        }
        Err(why) => Seen::nothing(format!("the cgroup of process {}", subject.pid), why),
    }
}

fn made(scene: &Scene<'_>, subject: &Subject, controller: &str) -> Seen {
    let top = scene.sandbox.cgroups().find(|dir| {
        place(subject, controller).is_ok_and(|place| dir.starts_with(&place.hierarchy.mount))
    });
    let Some(top) = top else {
        return Seen::nothing("the sandbox's cgroup", "it has none in that hierarchy");
    };
    Seen::list(top.display().to_string(), below(top, ""))
}

/// The paths of all cgroups below one, without the one for the sandbox's own processes.
pub fn below(dir: &std::path::Path, prefix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && name != "host" {
            found.push(format!("{prefix}{name}"));
            found.extend(below(&entry.path(), &format!("{prefix}{name}/")));
        }
    }
    found
}
