//! The `unsafe` of the harness.

/// Has a function called when the test program ends.
pub fn at_exit(function: extern "C" fn()) {
    // SAFETY: a function lives as long as the program.
    unsafe { libc::atexit(function) };
}
