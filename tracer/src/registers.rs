//! Where a system call's number and its result are: a matter of the processor.
//!
//! Known for x86-64 only. On another one, tests that let calls fail are skipped.

use nix::errno::Errno;
use nix::unistd::Pid;

/// Whether a call can be replaced here.
pub const ARE_KNOWN: bool = cfg!(target_arch = "x86_64");

/// Before a call: has the kernel make none.
#[cfg(target_arch = "x86_64")]
pub fn make_no_call(pid: Pid) {
    change(pid, |registers| registers.orig_rax = u64::MAX);
}

/// After it: replaces the result. The kernel returns an error as a negative number.
#[cfg(target_arch = "x86_64")]
pub fn set_result(pid: Pid, error: Errno) {
    change(pid, |registers| registers.rax = (-i64::from(error as i32)).cast_unsigned());
}

#[cfg(target_arch = "x86_64")]
fn change(pid: Pid, change: impl FnOnce(&mut libc::user_regs_struct)) {
    use nix::sys::ptrace;
    // Nothing to change in one that was killed meanwhile.
    if let Ok(mut registers) = ptrace::getregs(pid) {
        change(&mut registers);
        let _ = ptrace::setregs(pid, registers);
    }
}

/// Before a call: has the kernel make none.
#[cfg(not(target_arch = "x86_64"))]
pub fn make_no_call(_pid: Pid) {}

/// After it: replaces the result.
#[cfg(not(target_arch = "x86_64"))]
pub fn set_result(_pid: Pid, _error: Errno) {}
