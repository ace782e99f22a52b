//! A fork bomb, in small measure: it stops at a number.

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, pause};
use process::Step;

use crate::attack::target::Attack;

/// How many processes it starts, where the limit is 16.
const PROCESSES: usize = 64;

pub const ATTACK: Attack = Attack {
    name: "fork",
    title: "start more processes than granted",
    tries: "start 64 processes, where a user who cares has said `--pids-limit 16`.",
    why: "the cgroup counts processes, and the kernel refuses the one too many.",
    reference: "cgroups(7), fork(2)",
    stopped_by: 6,
    run: |target| {
        let limit: &[&str] = if target.chapter.number < 6 { &[] } else { &["--pids-limit", "16"] };
        Ok(target.attack::<&str>(limit, &[])?.granted())
    },
    inside: |_| {
        let mut children: Vec<Pid> = Vec::new();
        let mut refusal = None;
        while children.len() < PROCESSES && refusal.is_none() {
            match process::fork("fork one more process") {
                Ok(ForkResult::Parent { child }) => children.push(child),
                Ok(ForkResult::Child) => {
                    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
                    pause();
                    process::exit_now(0)
                }
                Err(error) => refusal = Some(error),
            }
        }
        for child in &children {
            kill(*child, Signal::SIGKILL).step(|| "end a child")?;
            waitpid(*child, None).step(|| "wait for a child")?;
        }
        match refusal {
            None => Ok(format!("it has started {PROCESSES} processes")),
            Some(error) => Err(error),
        }
    },
};
