//! Numbers that no profile speaks of, and what becomes of them.
//!
//! A profile has names, and a filter sees numbers. Some of these cannot be a name of it:
//!
//! ```text
//!   another architecture's   int 0x80 of 32-bit programs: 59 is not execve there
//!   0x40000000 and above     x86_64 with 32-bit pointers, "x32": each call a second time
//!   above the newest name    a call that is younger than the profile
//!   0xffffffff               none: so a tracer skips a call, seccomp(2)
//! ```
//!
//! A list of what is forbidden would miss the first two, each of which is a way around
//! it. For the third, EPERM is the wrong word in a list of what is allowed: the C library
//! tries a new call first and an old one if it hears ENOSYS, "there is none". So does
//! runc answer, up to the newest call that the profile knows, with its own errno.

use nix::errno::Errno;
use seccompiler::{BpfProgram, SeccompAction, TargetArch, sock_filter};

use crate::profile::target;

/// `struct seccomp_data` begins with the number and the architecture, seccomp(2).
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

/// `__X32_SYSCALL_BIT` of asm/unistd.h.
const X32: u32 = 0x4000_0000;

/// How a tracer says that a call is to be skipped: -1.
const SKIPPED: u32 = u32::MAX;

/// What BPF calls load word, return, and jump by comparison: linux/bpf_common.h.
pub(crate) const LOAD: u16 = 0x20;
pub(crate) const RETURN: u16 = 0x06;
pub(crate) const JUMP_EQUAL: u16 = 0x15;
pub(crate) const JUMP_GREATER: u16 = 0x25;
pub(crate) const JUMP_GREATER_EQUAL: u16 = 0x35;

/// Answers such numbers, x32's with `refusal`, and leaves the rest to `others`, which
/// finds the number loaded.
pub(crate) fn guard(
    refusal: SeccompAction,
    newest: Option<u32>,
    others: impl IntoIterator<Item = sock_filter>,
) -> BpfProgram {
    let architecture = match target() {
        TargetArch::x86_64 => 0xc000_003e, // AUDIT_ARCH_… of linux/audit.h
        _ => 0xc000_00b7,
    };
    let mut program = vec![
        instruction(LOAD, ARCHITECTURE, 0, 0),
        instruction(JUMP_EQUAL, architecture, 1, 0),
        answer(SeccompAction::KillProcess),
        instruction(LOAD, NUMBER, 0, 0),
    ];
    if target() == TargetArch::x86_64 {
        program.extend([
            instruction(JUMP_EQUAL, SKIPPED, 2, 0),
            instruction(JUMP_GREATER_EQUAL, X32, 0, 1),
            answer(refusal),
        ]);
    }
    if let Some(newest) = newest {
        program.extend([
            instruction(JUMP_GREATER, newest, 0, 1),
            answer(SeccompAction::Errno(Errno::ENOSYS as u32)),
        ]);
    }
    program.extend(others);
    program
}

/// The end of a program.
pub(crate) fn answer(action: SeccompAction) -> sock_filter {
    instruction(RETURN, action.into(), 0, 0)
}

/// With a jump's distances, over how many instructions, if it is true and if not.
pub(crate) fn instruction(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}
