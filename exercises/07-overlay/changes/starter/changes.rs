//! What a container has changed, read off its own layer.

use std::path::Path;

use process::Result;

/// The changes in `upper`, compared with the image, a line each: `A /path` for what was
/// added, `C /path` for what was changed, `D /path` for what was deleted.
///
/// The paths are as the container saw them. The order does not matter.
pub fn changes(upper: &Path, image: &Path) -> Result<Vec<String>> {
    let _ = (upper, image);
    todo!()
}
