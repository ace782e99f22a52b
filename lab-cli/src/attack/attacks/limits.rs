//! Attacks on the host's resources, in small measure: a few megabytes, some processes.

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, pause};
use process::{Error, Step};

use crate::attack::Attack;
use crate::sys;

/// What the attacker takes, where the limit is 16 MiB.
const BYTES: usize = 40 << 20;

/// How many processes it starts, where the limit is 16.
const PROCESSES: usize = 64;

pub const MEMORY: Attack = Attack {
    name: "memory",
    title: "take more memory than granted",
    tries: "use 40 MiB, where a user who cares has said `--memory 16m`.",
    why: "the cgroup's account is full at 16 MiB, and the kernel kills in this cgroup. Before \
          chapter 6 there is nobody who counts.",
    reference: "cgroups(7)",
    stopped_by: 6,
    run: |target| {
        let limit: &[&str] = if target.chapter.number < 6 { &[] } else { &["--memory", "16m"] };
        Ok(target.attack::<&str>(limit, &[])?.granted())
    },
    inside: |_| {
        // Not zeros: the kernel has one page of these for everybody.
        let bytes = std::hint::black_box(vec![0x6c_u8; BYTES]);
        Ok(format!("it uses {} MiB", bytes.len() >> 20))
    },
};

pub const FORK: Attack = Attack {
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
            match sys::fork() {
                Ok(ForkResult::Parent { child }) => children.push(child),
                Ok(ForkResult::Child) => {
                    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
                    pause();
                    sys::exit_now(0)
                }
                Err(errno) => refusal = Some(errno),
            }
        }
        for child in &children {
            kill(*child, Signal::SIGKILL).step(|| "end a child")?;
            waitpid(*child, None).step(|| "wait for a child")?;
        }
        match refusal {
            None => Ok(format!("it has started {PROCESSES} processes")),
            Some(errno) => Err(Error::from_errno("fork one more process", errno)),
        }
    },
};
