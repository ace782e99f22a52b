//! The long part of an allow-list, as a short program.
//!
//! A filter runs at every system call, and when it is added the kernel even runs it once
//! for each call there is, to remember which are allowed whatever the arguments. So its
//! length counts. Three hundred single comparisons cost each container half a
//! millisecond; but the numbers lie close together, and two comparisons do for a range:
//!
//! ```text
//!   0 … 100, 102 … 104, …       if nr > 100 goto next
//!                               if nr < 0   goto next
//!                               return allow
//!                         next: if nr > 104 …
//! ```
//!
//! Calls whose arguments matter are not in here. They, and the answer for all the rest,
//! are in the program that follows: whatever matches no range falls through to it.

use seccompiler::{BpfProgram, SeccompAction, TargetArch, sock_filter};

use crate::profile::target;

/// `struct seccomp_data` begins with the number and the architecture, seccomp(2).
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;

/// What BPF calls load word, return, and jump by comparison: linux/bpf_common.h.
const LOAD: u16 = 0x20;
const RETURN: u16 = 0x06;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_GREATER_EQUAL: u16 = 0x35;

/// Allows what is in `numbers`, which are sorted, and leaves the rest to `others`.
pub(crate) fn allow(numbers: impl Iterator<Item = u32>, others: BpfProgram) -> BpfProgram {
    let architecture = match target() {
        TargetArch::x86_64 => 0xc000_003e, // AUDIT_ARCH_… of linux/audit.h
        _ => 0xc000_00b7,
    };
    // The numbers mean these calls on this architecture only.
    let mut program = vec![
        instruction(LOAD, ARCHITECTURE, 0, 0),
        instruction(JUMP_EQUAL, architecture, 1, 0),
        instruction(RETURN, SeccompAction::KillProcess.into(), 0, 0),
        instruction(LOAD, NUMBER, 0, 0),
    ];
    for (first, last) in ranges(numbers) {
        program.extend([
            instruction(JUMP_GREATER, last, 2, 0),
            instruction(JUMP_GREATER_EQUAL, first, 0, 1),
            instruction(RETURN, SeccompAction::Allow.into(), 0, 0),
        ]);
    }
    program.extend(others);
    program
}

/// `1 2 3 7` as `(1, 3) (7, 7)`.
fn ranges(numbers: impl Iterator<Item = u32>) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => ranges.push((number, number)),
        }
    }
    ranges
}

/// With a jump's distances, over how many instructions, if it is true and if not.
fn instruction(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_make_a_range() {
        assert_eq!(ranges([1, 2, 3, 7, 9, 10].into_iter()), [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(ranges([].into_iter()), []);
    }
}
