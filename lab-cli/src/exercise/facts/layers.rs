//! The writable layer of a container: where its overlay keeps what was changed.

use super::scene::{Found, Look, Scene, Seen, Subject};
use super::{files, mounts};

pub const LOOKS: &[Look] = &[
    // the directory on the host in which the changes are
    Look { name: "upper directory", run: |_, it, _| upper_directory(it) },
    // what a path of the container is in there: file, directory, device or other
    Look { name: "upper file", run: |scene, it, path| inside(scene, it, path, files::kind) },
    // what is in a file in there
    Look { name: "upper content", run: |scene, it, path| inside(scene, it, path, files::content) },
    // the names in a directory in there
    Look { name: "upper files", run: |scene, it, path| inside(scene, it, path, files::names) },
];

fn upper_directory(subject: &Subject) -> Seen {
    let options = mounts::options(subject, "/");
    let Found::Text(text) = &options.found else { return options };
    match text.split(',').find_map(|option| option.strip_prefix("upperdir=")) {
        Some(dir) => Seen::text(options.at, dir),
        None => Seen::nothing(options.at, "the root is no overlay with an upper directory"),
    }
}

/// Looks with the host's eyes at a path of the container, below its upper directory.
fn inside(
    scene: &Scene<'_>,
    subject: &Subject,
    path: &str,
    look: fn(&Scene<'_>, &Subject, &str) -> Seen,
) -> Seen {
    let dir = upper_directory(subject);
    let Found::Text(text) = &dir.found else { return dir };
    match Subject::host(scene) {
        Ok(host) => look(scene, &host, &format!("{text}{path}")),
        Err(why) => Seen::nothing(dir.at, why),
    }
}
