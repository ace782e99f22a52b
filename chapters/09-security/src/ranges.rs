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

use seccompiler::{BpfProgram, SeccompAction, sock_filter};

use crate::numbers::{JUMP_GREATER, JUMP_GREATER_EQUAL, answer, instruction};

/// Allows what is in `numbers`, which are sorted, and leaves the rest to `others`. The
/// number is loaded already.
pub(crate) fn allow(
    numbers: impl Iterator<Item = u32>,
    others: BpfProgram,
) -> impl Iterator<Item = sock_filter> {
    let range = |(first, last)| {
        [
            instruction(JUMP_GREATER, last, 2, 0),
            instruction(JUMP_GREATER_EQUAL, first, 0, 1),
            answer(SeccompAction::Allow),
        ]
    };
    ranges(numbers).into_iter().flat_map(range).chain(others)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_make_a_range() {
        assert_eq!(ranges([1, 2, 3, 7, 9, 10].into_iter()), [(1, 3), (7, 7), (9, 10)]);
        assert_eq!(ranges([].into_iter()), []);
    }
}
