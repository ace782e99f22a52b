//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

macro_rules! more {
    ($($all:tt)*) => { more!($($all)* $($all)* x) };
}

/// A macro that doubles what it is given.
pub fn pivot(_: &Path) -> Result<()> {
    more!(x);
    Ok(())
}
