//! Which namespaces a process has for itself.

use process::Namespace;

use super::scene::{Look, Scene, Seen, Subject, Whose};
use crate::view::proc::Proc;

pub const LOOKS: &[Look] = &[
    // own or shared, compared with the host's: namespace uts
    Look { name: "namespace", run: namespace },
    // the kinds in which it is not with PID 1 of its PID namespace
    Look { name: "namespaces unlike init", run: unlike_init },
];

fn namespace(scene: &Scene<'_>, subject: &Subject, name: &str) -> Seen {
    let at = subject.path(&format!("ns/{name}"));
    let Some(kind) = Namespace::ALL.into_iter().find(|kind| kind.name() == name) else {
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

fn unlike_init(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = subject.path("ns/*");
    let init = match scene.subject(Whose::Init) {
        Ok(init) => init,
        Err(_) => return Seen::nothing(at, "its PID namespace has no first process in here"),
    };
    match (subject.proc.namespaces(), init.proc.namespaces()) {
        (Ok(own), Ok(first)) => {
            let unlike = Namespace::ALL.into_iter().filter(|kind| own.get(kind) != first.get(kind));
            Seen::list(at, unlike.map(|kind| kind.name().to_owned()).collect())
        }
        (Err(why), _) | (_, Err(why)) => Seen::nothing(at, why.to_string()),
    }
}
