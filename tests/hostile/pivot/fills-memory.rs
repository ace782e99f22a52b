//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Takes memory, and uses it, without end.
pub fn pivot(_: &Path) -> Result<()> {
    let mut all = Vec::new();
    loop {
        all.push(vec![1u8; 1 << 20]);
    }
}
