//! A look into the memory of a process of the host.

use std::io::IoSliceMut;

use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::unistd::Pid;
use process::Step;

use crate::attack::attacker::number;
use crate::attack::target::Attack;
use crate::attack::victim::Victim;

pub const ATTACK: Attack = Attack {
    name: "read-memory",
    title: "read the memory of one",
    tries: "read a secret out of a host's process with process_vm_readv.",
    why: "it takes a process id, as ptrace does: without one there is nobody to ask for.",
    reference: "process_vm_readv(2), ptrace(2)",
    stopped_by: 2,
    run: |target| {
        // A child has its parent's memory under the same addresses.
        let victim = Victim::start()?;
        let secret = target.secret;
        let address = secret.as_ptr() as usize;
        let words = [victim.pid.to_string(), address.to_string(), secret.len().to_string()];
        let said = target.attack(&[], &words)?;
        drop(victim);
        Ok(said.has_read(secret, "a secret in the memory of a host's process"))
    },
    inside: |words| {
        let pid = number(words)?;
        let (base, len) = (number(&words[1..])?, number::<usize>(&words[2..])?.min(4096));
        let mut bytes = vec![0; len];
        let mut local = [IoSliceMut::new(&mut bytes)];
        process_vm_readv(Pid::from_raw(pid), &mut local, &[RemoteIoVec { base, len }])
            .step(|| format!("read the memory of process {pid}"))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    },
};
