//! Gives up all capabilities but a few.

use process::Result;

/// Keeps the capabilities with these numbers, and gives up all others for good.
///
/// The process is root and is about to become another program of root's. For that program,
/// *after* the exec, this shall be so:
///
/// - the bounding, the permitted and the effective set hold what is in `kept`;
/// - the inheritable and the ambient set are empty.
///
/// `kept` may be empty. The kernel may have capabilities that we have no name for.
pub fn keep(kept: &[u8]) -> Result<()> {
    let _ = kept;
    todo!()
}
