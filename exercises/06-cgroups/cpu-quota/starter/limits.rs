//! The files of a cgroup that limit its time on the processors.

use process::Result;

use crate::cgroup::Cgroup;

/// Limits the time of all processes in the cgroup together.
///
/// `cpus` is in processors: with 0.5 they get half of one, with 2.0 two whole ones, on however
/// many they are spread, and *even if all others are idle*. The kernel counts in periods, in
/// microseconds; take one of a tenth of a second, so that 0.29 is 29000 µs in each.
///
/// It works on both generations, `cgroup.version`.
pub fn set_cpus(cgroup: &Cgroup, cpus: f64) -> Result<()> {
    let _ = (cgroup, cpus);
    todo!()
}
