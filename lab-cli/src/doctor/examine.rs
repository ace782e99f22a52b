//! All the checks, group by group, and what they mean for the chapters.

use super::check::Check;
use super::host::Host;
use super::{cgroups, files, kernel, namespaces, network, restrictions, users};
use crate::chapters::CHAPTERS;

/// A heading, and what looks at what is below it.
type Group = (&'static str, fn(&Host) -> Vec<Check>);

/// The groups in the order in which they are printed.
const GROUPS: [Group; 7] = [
    ("Kernel", kernel::checks),
    ("Namespaces", namespaces::checks),
    ("Control groups", cgroups::checks),
    ("Files", files::checks),
    ("Network", network::checks),
    ("Users", users::checks),
    ("Restrictions", restrictions::checks),
];

/// Looks at everything.
pub fn examine(host: &Host) -> Vec<Check> {
    let of_group = |(group, checks): Group| {
        checks(host).into_iter().map(move |check| Check { group, ..check })
    };
    GROUPS.into_iter().flat_map(of_group).collect()
}

/// The chapters that can run and those that cannot, by number.
pub fn runnable(checks: &[Check]) -> (Vec<usize>, Vec<usize>) {
    let is_stopped = |number: &usize| checks.iter().any(|check| check.stops(*number));
    let (stopped, can) = CHAPTERS.iter().map(|chapter| chapter.number).partition(is_stopped);
    (can, stopped)
}
