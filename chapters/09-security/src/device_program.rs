//! The device rules of cgroup v2: a program that runs in the kernel.
//!
//! v2 has no file for devices. Instead one attaches an eBPF program to the cgroup, and
//! the kernel runs it for every `open` and `mknod` of a device inside: bpf(2),
//! `BPF_PROG_TYPE_CGROUP_DEVICE`. It gets a pointer in register 1 to
//!
//! ```text
//!   offset 0   u32 access_type    what is tried << 16 | 1 for block, 2 for character
//!          4   u32 major
//!          8   u32 minor
//! ```
//!
//! and its result in register 0 decides: 1 allows, 0 refuses with EPERM. The kernel
//! proves before it accepts a program that this ends and touches nothing else; so it is
//! written without loops, the rules one after the other:
//!
//! ```text
//!        r3 = type, r2 = access, r4 = major, r5 = minor
//!        if r3 != character goto next             a rule: c 1:3 rwm
//!        if r4 != 1         goto next
//!        if r5 != 3         goto next
//!        return 1
//!  next: …
//!        return 0                                 no rule has matched
//! ```
//!
//! An instruction is 8 bytes: operation, two registers, jump offset, constant. There
//! are compilers for this; for a dozen lines, an assembler of six operations will do.

use crate::{DeviceAccess, DeviceKind, DeviceRule};

const RESULT: u8 = 0;
const CONTEXT: u8 = 1;
const ACCESS: u8 = 2;
const TYPE: u8 = 3;
const MAJOR: u8 = 4;
const MINOR: u8 = 5;

/// The program for a list of rules of which one has to match.
pub(crate) fn assemble(rules: &[DeviceRule]) -> Vec<u64> {
    let mut program = vec![
        load(ACCESS, 0),
        copy(TYPE, ACCESS),
        and(TYPE, 0xffff),
        shift_right(ACCESS, 16),
        load(MAJOR, 4),
        load(MINOR, 8),
    ];
    for rule in rules {
        program.extend(assemble_rule(rule));
    }
    program.extend(return_value(0));
    program
}

fn assemble_rule(rule: &DeviceRule) -> Vec<u64> {
    let kind = match rule.kind {
        DeviceKind::Block => 1,
        DeviceKind::Character => 2,
    };
    let mut tests = vec![vec![(TYPE, kind)]];
    let mut program = Vec::new();
    if rule.access != DeviceAccess::ALL {
        // Something is tried that is not allowed here: what remains is not 0.
        program.extend([copy(RESULT, ACCESS), and(RESULT, !rule.access.0)]);
        tests.push(vec![(RESULT, 0)]);
    }
    let numbers = [(MAJOR, rule.major), (MINOR, rule.minor)];
    tests.push(numbers.iter().filter_map(|&(at, number)| Some((at, number?))).collect());
    let tests: Vec<_> = tests.concat();
    // From the last test on: over the two instructions of `return 1` and the tests after it.
    let jumps = tests.iter().rev().zip(2..);
    let jumps = jumps.map(|(&(register, value), distance)| jump_if_not(register, value, distance));
    program.extend(jumps.collect::<Vec<_>>().into_iter().rev());
    program.extend(return_value(1));
    program
}

fn load(register: u8, offset: u16) -> u64 {
    instruction(0x61, register, CONTEXT, offset, 0)
}

fn copy(to: u8, from: u8) -> u64 {
    instruction(0xbf, to, from, 0, 0)
}

fn and(register: u8, value: u32) -> u64 {
    instruction(0x54, register, 0, 0, value)
}

fn shift_right(register: u8, bits: u32) -> u64 {
    instruction(0x74, register, 0, 0, bits)
}

fn jump_if_not(register: u8, value: u32, distance: u16) -> u64 {
    instruction(0x55, register, 0, distance, value)
}

fn return_value(value: u32) -> [u64; 2] {
    [instruction(0xb7, RESULT, 0, 0, value), instruction(0x95, 0, 0, 0, 0)]
}

/// `struct bpf_insn`, on a machine that is little-endian as all of ours are.
fn instruction(operation: u8, to: u8, from: u8, offset: u16, value: u32) -> u64 {
    u64::from(operation)
        | u64::from(to) << 8
        | u64::from(from) << 12
        | u64::from(offset) << 16
        | u64::from(value) << 32
}
