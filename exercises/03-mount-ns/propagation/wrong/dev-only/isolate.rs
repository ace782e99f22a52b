//! One more mount, and not the one that counts.

use nix::mount::{MsFlags, mount};
use process::{Result, Step};

pub fn isolate() -> Result<()> {
    let nothing = None::<&str>;
    for point in ["/", "/dev"] {
        mount(nothing, point, nothing, MsFlags::MS_PRIVATE, nothing)
            .step(|| format!("make {point} private"))?;
    }
    Ok(())
}
