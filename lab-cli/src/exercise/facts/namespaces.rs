//! Which namespaces a process has for itself.

use super::scene::{Look, Scene, Seen, Subject};
use crate::namespace::Kind;
use crate::view::proc::Proc;

pub const LOOKS: &[Look] = &[
    // own or shared, compared with the host's: namespace uts
    Look { name: "namespace", run: namespace },
];

fn namespace(scene: &Scene<'_>, subject: &Subject, name: &str) -> Seen {
    let at = subject.path(&format!("ns/{name}"));
    let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == name) else {
        return Seen::nothing(at, "there is no such kind of namespace");
    };
    let host = Proc::open(scene.sandbox.pid()).and_then(|host| host.namespaces());
    match (subject.proc.namespaces(), host) {
        (Ok(own), Ok(host)) => {
            Seen::text(at, if own.get(&kind) == host.get(&kind) { "shared" } else { "own" })
        }
        (Err(why), _) | (_, Err(why)) => Seen::nothing(at, why.to_string()),
    }
}
