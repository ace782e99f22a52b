//! The system calls of this chapter that `nix` does not wrap, and all its `unsafe`.

use std::fs::File;
use std::io::{stderr, stdin, stdout};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::unistd::{ForkResult, Pid};
use process::{close_all_but, exit_now};
use security::Instruction;

/// The extended attribute in which a file's capabilities are; capabilities(7).
const CAPABILITY: &std::ffi::CStr = c"security.capability";

/// The longest that such a value is: `struct vfs_ns_cap_data` of linux/capability.h.
const LONGEST: usize = 24;

/// linux/ptrace.h.
const PTRACE_SECCOMP_GET_FILTER: u32 = 0x420c;

/// Forks a process that has no descriptors but the standard streams and those in `keep`, and
/// ends after `life`.
pub fn fork_off(step: &str, keep: &[BorrowedFd<'_>], life: impl FnOnce()) -> process::Result<Pid> {
    match process::fork(step)? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let (input, output, errors) = (stdin(), stdout(), stderr());
            let streams = [input.as_fd(), output.as_fd(), errors.as_fd()];
            let keep = [keep, &streams].concat();
            // SAFETY: this process ends in here, so that nothing that owns one of the others
            // is ever dropped, and `life` uses what it was given.
            let closed = unsafe { close_all_but(&keep) };
            if closed.is_ok() {
                life();
            }
            exit_now(0)
        }
    }
}

/// `fgetxattr(2)`: what a program may do beyond its user; `None` if it is no more.
pub fn capability_of(file: &File) -> nix::Result<Option<Vec<u8>>> {
    let mut value = vec![0; LONGEST];
    // SAFETY: the kernel writes at most as many bytes as `value` has.
    let length = unsafe {
        libc::fgetxattr(
            file.as_raw_fd(),
            CAPABILITY.as_ptr(),
            value.as_mut_ptr().cast(),
            value.len(),
        )
    };
    match Errno::result(length) {
        // There is none, or the file system has no such thing.
        Err(Errno::ENODATA | Errno::EOPNOTSUPP) => Ok(None),
        length => {
            value.truncate(length?.cast_unsigned());
            Ok(Some(value))
        }
    }
}

/// `fsetxattr(2)` of the same.
pub fn set_capability(file: &File, value: &[u8]) -> nix::Result<()> {
    // SAFETY: the kernel reads as many bytes as `value` has.
    let result = unsafe {
        libc::fsetxattr(
            file.as_raw_fd(),
            CAPABILITY.as_ptr(),
            value.as_ptr().cast(),
            value.len(),
            0,
        )
    };
    Errno::result(result).map(drop)
}

/// Why a process stands still that we trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// We have asked for it.
    Asked,
    /// It is about to get this signal.
    BySignal(i32),
}

/// `waitpid(2)` for one that we trace; `ESRCH` if it has ended. A signal is a number here, since
/// the real-time ones have no name.
pub fn wait_for_stop(pid: Pid) -> nix::Result<Stop> {
    let mut status = 0;
    // SAFETY: the kernel writes one number to where there is room for it.
    let mut waited = || unsafe { libc::waitpid(pid.as_raw(), &raw mut status, libc::__WALL) };
    while let Err(errno) = Errno::result(waited()) {
        if errno != Errno::EINTR {
            return Err(errno);
        }
    }
    match (libc::WIFSTOPPED(status), status >> 16) {
        (false, _) => Err(Errno::ESRCH),
        (true, libc::PTRACE_EVENT_STOP) => Ok(Stop::Asked),
        (true, _) => Ok(Stop::BySignal(libc::WSTOPSIG(status))),
    }
}

/// `PTRACE_CONT`: one that stands still goes on, and gets this signal.
pub fn go_on_with(pid: Pid, signal: i32) -> nix::Result<()> {
    let nowhere = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: it takes two numbers, and no memory of ours.
    let result = unsafe { libc::ptrace(libc::PTRACE_CONT, pid.as_raw(), nowhere, signal) };
    Errno::result(result).map(drop)
}

/// `PTRACE_SECCOMP_GET_FILTER`: the filter of that number, of a process that we trace and
/// that is stopped; `ENOENT` if it has fewer.
pub fn seccomp_filter(pid: Pid, index: usize) -> nix::Result<Vec<Instruction>> {
    let get = |instructions: *mut Instruction| {
        // SAFETY: null asks for the length alone; else there is room for as many instructions as
        // a filter that cannot change has had, laid out as in C.
        let length = unsafe {
            libc::ptrace(PTRACE_SECCOMP_GET_FILTER as _, pid.as_raw(), index, instructions)
        };
        Errno::result(length)
    };
    let length = usize::try_from(get(std::ptr::null_mut())?).map_err(|_| Errno::EINVAL)?;
    let mut filter = vec![Instruction { code: 0, jt: 0, jf: 0, k: 0 }; length];
    get(filter.as_mut_ptr())?;
    Ok(filter)
}
