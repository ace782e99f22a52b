//! An end to a process of the host.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use process::Step;

use crate::attack::attacker::number;
use crate::attack::target::Attack;
use crate::attack::victim::Victim;

pub const ATTACK: Attack = Attack {
    name: "kill",
    title: "kill one of them",
    tries: "send SIGKILL to the number that a process has on the host.",
    why: "numbers are looked up in the sender's PID namespace, where that process has none.",
    reference: "kill(2), pid_namespaces(7)",
    stopped_by: 2,
    run: |target| {
        let mut victim = Victim::start()?;
        let said = target.attack(&[], &[victim.pid.to_string()])?;
        Ok(said.judged(victim.is_dead()?, "the host's process is dead"))
    },
    inside: |words| {
        let pid = number(words)?;
        kill(Pid::from_raw(pid), Signal::SIGKILL).step(|| format!("kill {pid}"))?;
        Ok(format!("killed {pid}"))
    },
};
