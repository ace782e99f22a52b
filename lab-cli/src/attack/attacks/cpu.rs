//! More of the host's processor time than is good for the others; in small measure.

use std::fs;
use std::time::Duration;

use nix::sys::wait::waitpid;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::ForkResult;
use process::{Error, Step};
use serde_json::Value;

use crate::attack::cell::Finding;
use crate::attack::target::Attack;

/// What is granted, and of how long a time, in microseconds.
const QUOTA: u64 = 20_000;
const PERIOD: u64 = 100_000;

/// What each of the attacker's processes uses up. They are several to get more than is
/// granted on a busy host as well.
const TIME: Duration = Duration::from_millis(12);
const PROCESSES: u32 = 4;

/// Where the runtime reports, on the sandbox host.
const REPORT: &str = "/report.json";

pub const ATTACK: Attack = Attack {
    name: "cpu",
    title: "take more CPU time than granted",
    tries: "compute in four processes, 12 ms in each, where a user who cares has said \
            `--cpus 0.2`.",
    why: "the cgroup has 20 ms of every 100 ms, and the kernel lets none of its processes run \
          for the rest of them. It counts what it gave, so nobody has to look at a clock.",
    reference: "cgroups(7), Documentation/scheduler/sched-bwc.rst of the kernel",
    stopped_by: 6,
    run: |target| {
        let limit: &[&str] = if target.chapter.number < 6 { &[] } else { &["--cpus", "0.2"] };
        let said = target.attack::<&str>(&[limit, &["--json", REPORT]].concat(), &[])?;
        let report = fs::read_to_string(REPORT).step(|| format!("read {REPORT}"))?;
        let report: Value = serde_json::from_str(&report)
            .map_err(|error| Error::new(format!("read {REPORT}: {error}")))?;
        let number = |name: &str| report["outcome"][name].as_u64();
        // The time may have touched one more period than have passed, and a part of another.
        let granted = (number("duration_usec").unwrap_or(0) / PERIOD + 2) * QUOTA;
        let used = (TIME * PROCESSES).as_micros();
        Ok(match (said.0, number("throttled_usec")) {
            (Err(why), _) => Finding::NotApplicable(why),
            (Ok(what), None) => Finding::Works(format!("{what}, and nobody counted")),
            (Ok(_), Some(time)) if time > 0 => {
                Finding::Blocked(format!("the kernel held it back for {} ms", time / 1000))
            }
            (Ok(what), _) if used > u128::from(granted) => Finding::Works(what),
            (Ok(_), _) => Finding::Blocked("others left it no more than its share".to_owned()),
        })
    },
    inside: |_| {
        let mut children = Vec::new();
        for _ in 0..PROCESSES {
            match process::fork("fork")? {
                ForkResult::Parent { child } => children.push(child),
                ForkResult::Child => {
                    let used = || clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID);
                    while used().is_ok_and(|time| Duration::from(time) < TIME) {}
                    process::exit_now(0)
                }
            }
        }
        for child in children {
            waitpid(child, None).step(|| "wait for a child")?;
        }
        Ok(format!("it has computed for {} ms", (TIME * PROCESSES).as_millis()))
    },
};
