//! Another name for the host.

use nix::unistd::{gethostname, sethostname};
use process::Step;

use crate::attack::target::Attack;

/// How the attacker calls the host.
const CONQUERED: &str = "conquered";

pub const ATTACK: Attack = Attack {
    name: "hostname",
    title: "rename the host",
    tries: "set the host name.",
    why: "the name belongs to the UTS namespace, and the container has one of its own.",
    reference: "uts_namespaces(7)",
    stopped_by: 4,
    run: |target| {
        let said = target.attack::<&str>(&[], &[])?;
        let name = gethostname().step(|| "read the host name")?;
        Ok(said.judged(name == CONQUERED, "the host is called \"conquered\""))
    },
    inside: |_| {
        sethostname(CONQUERED).step(|| "set the host name")?;
        Ok("renamed".to_owned())
    },
};
