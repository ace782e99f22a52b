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
