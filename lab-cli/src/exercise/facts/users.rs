//! Users: who a process is, and who is who in its user namespace.
//!
//! The numbers are as the sandbox has them, which plays the host: its root is 0 here,
//! whatever it is on the real one.

use super::scene::{Look, Scene, Seen, Subject};

pub const LOOKS: &[Look] = &[
    // its effective user and group on the host
    Look { name: "uid", run: |scene, it, _| id(scene, it, "Uid") },
    Look { name: "gid", run: |scene, it, _| id(scene, it, "Gid") },
    // its supplementary groups on the host
    Look { name: "groups", run: groups },
    // a line each: inside, outside, count
    Look { name: "uid_map", run: |scene, it, _| map(scene, it, "uid_map") },
    Look { name: "gid_map", run: |scene, it, _| map(scene, it, "gid_map") },
    // allow or deny
    Look {
        name: "setgroups",
        run: |_, it, _| {
            Seen::of(
                it.path("setgroups"),
                it.proc.read("setgroups").map(|text| text.trim().to_owned()),
            )
        },
    },
];

fn id(scene: &Scene<'_>, subject: &Subject, field: &str) -> Seen {
    let at = subject.path(&format!("status, {field}"));
    // Real, effective, saved, and that for files.
    match subject.proc.status().numbers(field).get(1) {
        Some(&outside) => Seen::text(at, inside(scene, outside)),
        None => Seen::nothing(at, "it has ended"),
    }
}

fn groups(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let groups = subject.proc.status().numbers("Groups");
    let groups = groups.into_iter().map(|outside| inside(scene, outside)).collect();
    Seen::list(subject.path("status, Groups"), groups)
}

fn map(scene: &Scene<'_>, subject: &Subject, file: &str) -> Seen {
    let text = subject.proc.read(file).map(|text| {
        let line = |line: &str| {
            let numbers: Vec<u32> = line.split_whitespace().flat_map(str::parse).collect();
            match numbers[..] {
                [within, outside, count] => format!("{within} {} {count}", inside(scene, outside)),
                _ => line.to_owned(),
            }
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    });
    Seen::of(subject.path(file), text)
}

fn inside(scene: &Scene<'_>, outside: u32) -> String {
    scene.sandbox.id_inside(outside).map_or("nobody".to_owned(), |id| id.to_string())
}
