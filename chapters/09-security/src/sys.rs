//! The system calls of this chapter that `nix` does not wrap, and all its `unsafe`.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use process::CapSets;
use seccompiler::sock_filter;

/// `_LINUX_CAPABILITY_VERSION_3`: 64 bits a set, in two halves.
const CAPABILITY_VERSION: u32 = 0x2008_0522;

/// `cap_user_header_t`.
#[repr(C)]
struct CapHeader {
    version: u32,
    /// 0: the caller.
    pid: libc::c_int,
}

/// `cap_user_data_t`, one half of the three sets.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct CapData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// `capset(2)` of this process, which must have one thread only: it is per thread.
pub fn capset(sets: CapSets) -> nix::Result<()> {
    let header = CapHeader { version: CAPABILITY_VERSION, pid: 0 };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a set of 64 bits is handed over in halves"
    )]
    let half = |shift: u32| CapData {
        effective: (sets.effective >> shift) as u32,
        permitted: (sets.permitted >> shift) as u32,
        inheritable: (sets.inheritable >> shift) as u32,
    };
    let halves = [half(0), half(32)];
    // SAFETY: version 3 reads the header and two CapData, laid out as in C.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, halves.as_ptr()) };
    Errno::result(result).map(drop)
}

/// `PR_CAPBSET_READ`: whether a capability is in the bounding set. One that this kernel
/// does not have yet is not.
pub fn is_in_bounding_set(capability: u8) -> nix::Result<bool> {
    match prctl(libc::PR_CAPBSET_READ, capability.into(), 0) {
        Err(Errno::EINVAL) => Ok(false),
        value => value.map(|value| value == 1),
    }
}

/// `PR_CAPBSET_DROP`: takes a capability out of the bounding set, for good.
pub fn drop_from_bounding_set(capability: u8) -> nix::Result<()> {
    prctl(libc::PR_CAPBSET_DROP, capability.into(), 0).map(drop)
}

/// `PR_CAP_AMBIENT_CLEAR_ALL`.
pub fn clear_ambient_set() -> nix::Result<()> {
    prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong, 0).map(drop)
}

/// `PR_CAP_AMBIENT_RAISE`, for what is permitted and inheritable.
pub fn raise_ambient(capability: u8) -> nix::Result<()> {
    let raise = libc::PR_CAP_AMBIENT_RAISE as libc::c_ulong;
    prctl(libc::PR_CAP_AMBIENT, raise, capability.into()).map(drop)
}

fn prctl(
    operation: libc::c_int,
    first: libc::c_ulong,
    second: libc::c_ulong,
) -> nix::Result<libc::c_int> {
    let unused: libc::c_ulong = 0;
    // SAFETY: the operations above take plain numbers and touch no memory.
    Errno::result(unsafe { libc::prctl(operation, first, second, unused, unused) })
}

/// `seccomp(2)`: adds a filter, which stays for good, also across exec.
pub fn add_seccomp_filter(program: &[sock_filter]) -> nix::Result<()> {
    let length = program.len().try_into().map_err(|_| Errno::EINVAL)?;
    // The kernel only reads it; C has no const here.
    let program = libc::sock_fprog { len: length, filter: program.as_ptr().cast_mut().cast() };
    // SAFETY: `program` describes a live slice of sock_filter, whose layout is C's.
    let result = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program)
    };
    Errno::result(result).map(drop)
}

/// `KEYCTL_JOIN_SESSION_KEYRING` without a name: a new session keyring.
pub fn join_new_session_keyring() -> nix::Result<()> {
    let anonymous = std::ptr::null::<libc::c_char>();
    // SAFETY: null asks for a keyring without a name; no memory is read.
    let result = unsafe {
        libc::syscall(libc::SYS_keyctl, libc::KEYCTL_JOIN_SESSION_KEYRING, anonymous, 0, 0, 0)
    };
    Errno::result(result).map(drop)
}

/// `BPF_PROG_TYPE_CGROUP_DEVICE` and its place, from linux/bpf.h.
const PROGRAM_TYPE: u32 = 15;
const ATTACH_TYPE: u32 = 6;

/// The part of `union bpf_attr` that loads a program.
#[repr(C)]
#[derive(Default)]
struct ProgramLoad {
    program_type: u32,
    instruction_count: u32,
    instructions: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log_buffer: u64,
    kernel_version: u32,
    flags: u32,
}

/// The part of `union bpf_attr` that attaches one.
#[repr(C)]
struct ProgramAttach {
    target: u32,
    program: u32,
    attach_type: u32,
    flags: u32,
}

/// `BPF_PROG_LOAD`: has the kernel check and translate a device program.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a descriptor is an int; syscall(2) returns a long"
)]
pub fn load_device_program(instructions: &[u64]) -> nix::Result<OwnedFd> {
    const BPF_PROG_LOAD: libc::c_int = 5;
    let load = ProgramLoad {
        program_type: PROGRAM_TYPE,
        instruction_count: instructions.len().try_into().map_err(|_| Errno::E2BIG)?,
        instructions: instructions.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        ..ProgramLoad::default()
    };
    // SAFETY: `load` is a prefix of union bpf_attr, and a shorter one stands for zeros
    // in the rest. It points to `instruction_count` instructions of 8 bytes, and to a
    // C string; the kernel reads both before it returns.
    let fd =
        unsafe { libc::syscall(libc::SYS_bpf, BPF_PROG_LOAD, &raw const load, size_of_val(&load)) };
    let fd = Errno::result(fd)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// `BPF_PROG_ATTACH`: lets a device program decide for a cgroup. The cgroup keeps it
/// alive and takes it along when it is removed.
pub fn attach_device_program(cgroup: BorrowedFd<'_>, program: BorrowedFd<'_>) -> nix::Result<()> {
    const BPF_PROG_ATTACH: libc::c_int = 8;
    const BPF_F_ALLOW_MULTI: u32 = 2;
    let attach = ProgramAttach {
        target: cgroup.as_raw_fd().cast_unsigned(),
        program: program.as_raw_fd().cast_unsigned(),
        attach_type: ATTACH_TYPE,
        flags: BPF_F_ALLOW_MULTI,
    };
    // SAFETY: `attach` is a prefix of union bpf_attr, plain integers only.
    let result = unsafe {
        libc::syscall(libc::SYS_bpf, BPF_PROG_ATTACH, &raw const attach, size_of_val(&attach))
    };
    Errno::result(result).map(drop)
}
