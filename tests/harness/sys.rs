//! The `unsafe` of the harness.

use std::sync::atomic::Ordering;

/// Prints the number of skipped tests when the test program ends.
pub fn print_count_at_exit() {
    extern "C" fn print() {
        eprintln!("{} skipped", super::SKIPPED.load(Ordering::Relaxed));
    }
    // SAFETY: the function lives as long as the program and touches an atomic only.
    unsafe { libc::atexit(print) };
}
