//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Enters every namespace that it can see, and looks around; exits with 99 if it gets out.
pub fn pivot(_: &Path) -> Result<()> {
    let script = "for ns in user mnt pid net uts ipc cgroup; do
            for process in /proc/[0-9]*; do
                nsenter --$ns=$process/ns/$ns test -e @COURSE@ && exit 99
            done
        done 2>/dev/null
        nsenter --target 1 --all test -e @COURSE@ 2>/dev/null && exit 99
        mkdir -p /tmp/c; mount -t cgroup -o memory c /tmp/c 2>/dev/null
        echo 1 > /tmp/c/release_agent 2>/dev/null && exit 99
        echo \"|/work/x\" > /proc/sys/kernel/core_pattern 2>/dev/null && exit 99
        echo b > /proc/sysrq-trigger 2>/dev/null && exit 99
        exit 0";
    let ended = std::process::Command::new("sh").args(["-c", script]).status();
    if ended.is_ok_and(|status| status.code() == Some(99)) {
        std::process::exit(99);
    }
    Ok(())
}
