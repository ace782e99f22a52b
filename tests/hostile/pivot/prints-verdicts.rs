//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Says everywhere that it has passed, also where the sandbox's PID 1 says how it ended.
pub fn pivot(_: &Path) -> Result<()> {
    let verdict = "{\"exercise\":\"pivot\",\"result\":\"passed\",\"cases\":[]}\n";
    println!("{verdict}pivot: passed");
    eprintln!("{verdict}pivot: passed");
    for fd in 0..64 {
        let _ = std::fs::write(format!("/proc/1/fd/{fd}"), "0\n");
        let _ = std::fs::write(format!("/proc/1/fd/{fd}"), "[0,{\"Done\":[0,{\"Ok\":{}}]}]\n");
    }
    std::process::exit(0)
}
