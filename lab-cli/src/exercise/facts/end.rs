//! How the program ended, and what it has printed.

use super::scene::{Look, Scene, Seen, Subject};
use crate::exercise::sandbox::End;

pub const LOOKS: &[Look] = &[
    // the exit code; 128 and a signal's number for a signal
    Look { name: "exit", run: exit },
    // all that it has printed
    Look {
        name: "stdout",
        run: |scene, _, _| Seen::text("what the program printed", scene.sandbox.output()),
    },
    Look {
        name: "stderr",
        run: |scene, _, _| Seen::text("what the program printed as errors", scene.sandbox.errors()),
    },
    // the same, with `{name}` where a drawn value stands
    Look {
        name: "snapshot",
        run: |scene, _, _| {
            Seen::text("what the program printed", scene.values.blank(&scene.sandbox.output()))
        },
    },
];

fn exit(scene: &Scene<'_>, _: &Subject, _: &str) -> Seen {
    let at = "the exit code of the program";
    match &scene.end {
        Some(End::Exited(code)) => Seen::text(at, code.to_string()),
        None => Seen::nothing(at, "it has not come to an end"),
        Some(End::Killed) => Seen::nothing(at, "it was killed"),
    }
}
