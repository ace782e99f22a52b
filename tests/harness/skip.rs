//! Tests that cannot run on this host: counted, printed, and never silently passed.

use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::sys;

static SKIPPED: AtomicUsize = AtomicUsize::new(0);

/// Says that the current test is skipped and why; the count is printed at the end.
///
/// With `$LAB_NO_SKIP`, as in CI, it is a failure: this host could run everything.
pub fn skip(why: &str) {
    assert!(std::env::var_os("LAB_NO_SKIP").is_none(), "skipped: {why}");
    static AT_EXIT: Once = Once::new();
    AT_EXIT.call_once(|| sys::at_exit(print_count));
    SKIPPED.fetch_add(1, Ordering::Relaxed);
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    // Written past the test runner, which hides what a passing test prints.
    let _ = writeln!(std::io::stderr(), "skipped: {why} ({test})");
}

/// Whether the tests run as root; if not, says that this one is skipped.
pub fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        skip("needs root");
    }
    root
}

/// Whether one of these programs is installed; if not, says that this test is skipped.
pub fn has_one_of(programs: &[&str]) -> bool {
    let has = programs.iter().any(|program| is_installed(program));
    if !has {
        skip(&format!("needs {}", programs.join(" or ")));
    }
    has
}

/// Whether a program is in `PATH`.
pub fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| dir.join(program).is_file())
}

/// Printed after the last test.
extern "C" fn print_count() {
    let _ = writeln!(std::io::stderr(), "{} skipped", SKIPPED.load(Ordering::Relaxed));
}
