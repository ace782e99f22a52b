//! The program that the kernel starts, as root, when a cgroup of version 1 is empty.
//!
//! A hierarchy of the sandbox's own is attacked. It controls nothing, no other program
//! sees it mounted, and as `notify_on_release` stays 0 in it, no agent is ever run.

use std::fs;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use process::{Error, Result, Step};

use crate::attack::places::MNT;
use crate::attack::target::Attack;

/// Where the sandbox host has the hierarchy.
const PLACE: &str = "/hierarchy";

/// The program of the attacker.
const AGENT: &str = "/lab-intruder";

pub const ATTACK: Attack = Attack {
    name: "release-agent",
    title: "set who is run for an empty cgroup",
    tries: "mount a cgroup hierarchy of version 1 and write a name into its release_agent. The \
            kernel runs the program of that name, on the host, as root.",
    why: "the file belongs to the host's root, and root of a user namespace is somebody else. \
          To own it was once all it took, with no capability asked for; since 2022 it takes \
          CAP_SYS_ADMIN over the host. In chapter 9 there is no mounting at all.",
    reference: "cgroups(7), CVE-2022-0492",
    stopped_by: 8,
    run: |target| {
        fs::create_dir_all(PLACE).step(|| format!("create {PLACE}"))?;
        // One for each cell: there is but one of a name in the whole kernel, and it stays for
        // a while after the last unmount.
        let name = format!("lab-canary-{}-{}", target.chapter.number, target.secret);
        mount_hierarchy(&name, PLACE)?;
        let said = target.attack(&[], &[&name]);
        let agent = fs::read_to_string(format!("{PLACE}/release_agent"));
        umount2(PLACE, MntFlags::MNT_DETACH).step(|| format!("unmount {PLACE}"))?;
        let agent = agent.step(|| "read release_agent")?;
        Ok(said?.judged(agent.trim() == AGENT, "the kernel would run the attacker's program"))
    },
    inside: |words| {
        let name = words.first().ok_or_else(|| Error::new("the attacker was not told a name"))?;
        mount_hierarchy(name, MNT)?;
        let file = format!("{MNT}/release_agent");
        fs::write(&file, AGENT).step(|| format!("write {file}"))?;
        Ok("written".to_owned())
    },
};

/// A hierarchy is made by whoever is the first to mount it, and known by its name.
fn mount_hierarchy(name: &str, place: &str) -> Result<()> {
    let options = format!("none,name={name}");
    mount(Some(name), place, Some("cgroup"), MsFlags::empty(), Some(&*options))
        .step(|| format!("mount a cgroup hierarchy on {place}"))
}
