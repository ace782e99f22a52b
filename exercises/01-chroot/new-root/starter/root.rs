//! The container's root directory.

use std::path::Path;

use process::Result;

/// Makes `root` the root directory of this process.
///
/// When it returns, this is so:
///
/// - `/` means `root`, to this process and to all that come after it;
/// - the working directory is that `/`, wherever it was before.
///
/// A step that fails is an error which names it: `nix` returns results on which
/// `.step(|| "…")?` of `process::Step` can be called.
pub fn enter(root: &Path) -> Result<()> {
    let _ = root;
    todo!()
}
