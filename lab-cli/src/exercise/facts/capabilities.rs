//! What a process may do: capabilities, no_new_privs, seccomp.

use security::Capability;

use super::scene::{Look, Scene, Seen, Subject};

pub const LOOKS: &[Look] = &[
    // the names in a set, such as CAP_CHOWN: capabilities effective
    Look { name: "capabilities", run: capabilities },
    // 0 or 1
    Look { name: "no_new_privs", run: |_, subject, _| subject.status("NoNewPrivs") },
    // how many filters of system calls it has more than the host
    Look { name: "seccomp filters", run: filters },
];

fn capabilities(_: &Scene<'_>, subject: &Subject, set: &str) -> Seen {
    let field = match set {
        "permitted" => "CapPrm",
        "inheritable" => "CapInh",
        "bounding" => "CapBnd",
        "ambient" => "CapAmb",
        _ => "CapEff",
    };
    let at = subject.path(&format!("status, {field}"));
    let status = subject.proc.status();
    match status.field(field).and_then(|mask| u64::from_str_radix(mask, 16).ok()) {
        Some(mask) => {
            let has = |(number, _): &(usize, Capability)| mask & (1 << number) != 0;
            let names = Capability::all().enumerate().filter(has);
            Seen::list(at, names.map(|(_, name)| name.to_string()).collect())
        }
        None => Seen::nothing(at, "it has ended"),
    }
}

/// The sandbox has filters itself, which everybody in it inherits.
fn filters(scene: &Scene<'_>, subject: &Subject, _: &str) -> Seen {
    let at = subject.path("status, Seccomp_filters");
    let count = |subject: &Subject| subject.proc.status().number::<i64>("Seccomp_filters");
    let host = Subject::host(scene).ok().and_then(|host| count(&host));
    match (count(subject), host) {
        (Some(own), Some(host)) => Seen::text(at, (own - host).to_string()),
        _ => Seen::nothing(at, "this kernel does not tell (5.10 and later do)"),
    }
}
