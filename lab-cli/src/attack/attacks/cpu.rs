//! More of the host's processor time than is good for the others; in small measure.

use std::fs;
use std::time::Duration;

use nix::sys::wait::waitpid;
use nix::time::{ClockId, clock_gettime};
use nix::unistd::ForkResult;
use process::{Error, Step};
use serde_json::Value;

use crate::attack::{Attack, Finding};
use crate::sys;

/// What each of the attacker's processes uses up, where all together are granted 20 ms of
/// every 100 ms. They are several so that they get that much on a busy host as well.
const TIME: Duration = Duration::from_millis(10);
const PROCESSES: usize = 4;

/// Where the runtime reports, on the sandbox host.
const REPORT: &str = "/report.json";

pub const ATTACK: Attack = Attack {
    name: "cpu",
    title: "take more CPU time than granted",
    tries: "compute in four processes, 10 ms in each, where a user who cares has said `--cpus 0.2`.",
    why: "the cgroup has 20 ms of every 100 ms, and the kernel lets none of its processes run \
          for the rest of them. What it held back is counted, so the other programs of this \
          machine do not change the result.",
    reference: "cgroups(7), Documentation/scheduler/sched-bwc.rst of the kernel",
    stopped_by: 6,
    run: |target| {
        let limit: &[&str] = if target.chapter.number < 6 { &[] } else { &["--cpus", "0.2"] };
        let said = target.attack::<&str>(&[limit, &["--json", REPORT]].concat(), &[])?;
        let report = fs::read_to_string(REPORT).step(|| format!("read {REPORT}"))?;
        let report: Value = serde_json::from_str(&report)
            .map_err(|error| Error::new(format!("read {REPORT}: {error}")))?;
        let throttled = report["outcome"]["throttled_usec"].as_u64().unwrap_or(0);
        Ok(match said.0 {
            Ok(_) if throttled > 0 => {
                Finding::Blocked(format!("the kernel held it back for {} ms", throttled / 1000))
            }
            Ok(what) => Finding::Works(format!("{what}, and nobody held it back")),
            Err(why) => Finding::NotApplicable(why),
        })
    },
    inside: |_| {
        let mut children = Vec::new();
        for _ in 0..PROCESSES {
            match sys::fork().step(|| "fork")? {
                ForkResult::Parent { child } => children.push(child),
                ForkResult::Child => {
                    let used = || clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID);
                    while used().is_ok_and(|time| Duration::from(time) < TIME) {}
                    sys::exit_now(0)
                }
            }
        }
        for child in children {
            waitpid(child, None).step(|| "wait for a child")?;
        }
        Ok(format!("it has computed for {} ms", TIME.as_millis() * PROCESSES as u128))
    },
};
