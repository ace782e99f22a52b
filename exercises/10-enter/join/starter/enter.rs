//! Comes into a container that runs.

use nix::unistd::Pid;
use process::Result;

/// Comes into the container whose first process is `first`.
///
/// It returns in a process for which this is so:
///
/// - each of its namespaces is the one that `first` has;
/// - its root directory is the container's, and so is its working directory;
/// - it has a number in the container.
///
/// The process that has called this function does not return: it waits, and ends with the other's
/// exit code. `container::code_of` does the waiting.
pub fn enter(first: Pid) -> Result<()> {
    let _ = first;
    todo!()
}
