//! `lab clean`: removes what a killed run has left, and says what it was.

use std::process::ExitCode;

use anstream::println;
use anyhow::Result;
use colored::Colorize;
use nix::unistd::geteuid;
use process::{State, orphan};
use user_ns::rootless::World;

use crate::{output, rootfs};

/// Removes all leftovers of containers whose runtime has died, and root file systems
/// that nobody will use again.
///
/// # Errors
/// If the state directory cannot be read, or something could not be removed: that
/// stays recorded, and is tried again the next time.
pub fn run() -> Result<ExitCode> {
    let mut removed = 0;
    let abandoned = State::abandoned()?;
    for state in &abandoned {
        for line in orphan::end(state)? {
            println!("{} {line}", "removed".green());
            removed += 1;
        }
    }
    let (leftovers, records): (Vec<_>, Vec<_>) =
        abandoned.into_iter().partition(State::has_leftovers);
    for state in records {
        println!("{} record of {}", "removed".green(), state.id());
        removed += 1;
    }
    // What was made as root of a user namespace can be removed only as such a one.
    if !geteuid().is_root() && !leftovers.is_empty() {
        user_ns::rootless::enter(World::Isolated)?;
    }
    for state in leftovers {
        for line in sweep(&state)? {
            println!("{} {line}", "removed".green());
            removed += 1;
        }
        println!("{} record of {}", "removed".green(), state.id());
        removed += 1;
    }
    for line in rootfs::sweep()? {
        println!("{line}");
        removed += 1;
    }
    if removed == 0 {
        println!("nothing to clean");
    }
    Ok(ExitCode::SUCCESS)
}

/// The same before a run: quick when there is nothing, and never in its way.
pub fn sweep_before_run() {
    if !geteuid().is_root() {
        return; // chapter 0, which leaves nothing
    }
    let swept = State::abandoned().map(|abandoned| {
        abandoned.iter().try_for_each(|state| sweep(state).map(drop)) //
    });
    if let Err(error) = swept.and_then(|swept| swept) {
        output::warn(&format!("cleaning up after an earlier run: {error}"), error.to_hint());
    }
}

/// Every chapter removes what it makes, in the reverse order of the making.
fn sweep(state: &State) -> process::Result<Vec<String>> {
    // The processes first, and then the cgroup, whose removal ends the last of them: they
    // use the rest.
    let mut removed = orphan::end(state)?;
    removed.extend(cgroups::sweep(state)?);
    removed.extend(overlay::sweep(state)?);
    removed.extend(net_ns::sweep(state)?);
    Ok(removed)
}
