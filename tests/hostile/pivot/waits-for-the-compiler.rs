//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// What PID 1 waits for, for the compiler to wait for as well.
pub fn pivot(_: &Path) -> Result<()> {
    let text = include_str!("/proc/1/fd/4");
    println!("{text}");
    Ok(())
}
