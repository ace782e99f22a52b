//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Looks for the course and for another submission; exits with 99 if it finds anything.
pub fn pivot(_: &Path) -> Result<()> {
    let secrets = ["@COURSE@", "@OTHER@", "/etc/shadow", "/home", "/root/.cargo"];
    let mut roots = vec![String::new(), "../../../../../../../..".to_owned()];
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        for link in ["root", "cwd", "cwd/../../../../.."] {
            roots.push(format!("{}/{link}", process.path().display()));
        }
    }
    for root in &roots {
        if secrets.iter().any(|secret| Path::new(&format!("{root}{secret}")).exists()) {
            std::process::exit(99);
        }
    }
    Ok(())
}
