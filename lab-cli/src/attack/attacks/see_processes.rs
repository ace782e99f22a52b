//! A look at the processes of the host.

use std::fs;

use process::{Result, Step};

use crate::attack::attacker::mount_proc;
use crate::attack::target::Attack;
use crate::attack::victim::{NAME, Victim};

pub const ATTACK: Attack = Attack {
    name: "see-processes",
    title: "see the host's processes",
    tries: "mount a /proc of its own, as root may, and list the names of all processes.",
    why: "a /proc shows the PID namespace of whoever mounts it. With a PID namespace of its \
          own, the container sees its own processes only.",
    reference: "pid_namespaces(7)",
    stopped_by: 2,
    run: |target| {
        let victim = Victim::start()?;
        let said = target.attack::<&str>(&[], &[])?;
        drop(victim);
        Ok(said.has_read(NAME, "the name of a host's process"))
    },
    inside: |_| names().map(|names| names.join(" ")),
};

fn names() -> Result<Vec<String>> {
    mount_proc();
    let entries = fs::read_dir("/proc").step(|| "read /proc")?;
    let name = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("comm")).ok();
    let names = entries.flatten().filter_map(name).map(|name| name.trim().to_owned());
    Ok(names.collect())
}
