//! The system calls of this chapter that `nix` does not wrap, and all its `unsafe`.

use std::io::{stderr, stdin, stdout};
use std::net::SocketAddrV4;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::{ForkResult, Pid, getpid};
use process::{Error, ExitStatus, Result, Step, child, close_all_but, exit_now, fork};

/// `mount_setattr(2)`: translates owners in a mount and all below it, as the user
/// namespace `users` has them.
pub fn set_idmap(mount: BorrowedFd<'_>, users: BorrowedFd<'_>) -> nix::Result<()> {
    // SAFETY: mount_attr is plain integers, for which zero means "leave as it is".
    let mut attr: libc::mount_attr = unsafe { std::mem::zeroed() };
    attr.attr_set = libc::MOUNT_ATTR_IDMAP;
    attr.userns_fd = users.as_raw_fd().cast_unsigned().into();
    // SAFETY: the path is empty and `attr` outlives the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            mount.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attr,
            size_of_val(&attr),
        )
    };
    Errno::result(result).map(drop)
}

/// Splits off a process that is nobody's child, and that has no descriptors but the standard
/// ones and those in `keep`. It ends after `life`, which is told if it could not be had.
///
/// The process in between, its parent, ends at once. So the caller need not wait for it, and
/// does not mistake it for the child that it waits for.
pub fn split_off(step: &str, keep: &[BorrowedFd<'_>], life: impl FnOnce(Result<()>)) -> Result<()> {
    let between = fork_off(step, keep, |closed| {
        let closed = closed.step(|| "close the caller's descriptors");
        match fork(step) {
            Ok(ForkResult::Parent { .. }) => {}
            forked => life(forked.and(closed)),
        }
    })?;
    match child::wait_for(between).step(|| step.to_owned())? {
        ExitStatus::Exited(0) => Ok(()),
        _ => Err(Error::new(format!("{step}: it was killed"))),
    }
}

/// Forks a process that has no descriptors but the standard ones and those in `keep`. It ends
/// after `life`, which is told whether all others could be closed.
pub fn fork_off(
    step: &str,
    keep: &[BorrowedFd<'_>],
    life: impl FnOnce(nix::Result<()>),
) -> Result<Pid> {
    match fork(step)? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => {
            let (input, output, error) = (stdin(), stdout(), stderr());
            let standard = [input.as_fd(), output.as_fd(), error.as_fd()];
            // SAFETY: this process ends in here, so that nothing that owns one of the others
            // is ever dropped, and `life` uses what it was given.
            let closed = unsafe { close_all_but(&[&standard, keep].concat()) };
            life(closed);
            exit_now(0)
        }
    }
}

/// Has the kernel kill this process as soon as nobody has the other end of `pipe` open. To an
/// end that can be read, that counts as "input is possible", of which fcntl(2) lets a process
/// be told by any signal. The setting outlives an exec, as long as the descriptor is open.
pub fn be_killed_when_it_closes(pipe: BorrowedFd<'_>) -> nix::Result<()> {
    let set = |command, value: libc::c_int| {
        // SAFETY: the descriptor is open as long as we borrow it, and no memory is touched.
        Errno::result(unsafe { libc::fcntl(pipe.as_raw_fd(), command, value) }).map(drop)
    };
    set(libc::F_SETOWN, getpid().as_raw())?;
    set(F_SETSIG, libc::SIGKILL)?;
    set(libc::F_SETFL, libc::O_NONBLOCK | libc::O_ASYNC)
}

/// From linux/fcntl.h.
const F_SETSIG: libc::c_int = 10;

/// `connect(2)` that does not wait: the connection can be written to when it is there.
pub fn begin_to_connect(address: SocketAddrV4) -> nix::Result<OwnedFd> {
    let kind = libc::SOCK_STREAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: the call takes three numbers and touches no memory.
    let fd = Errno::result(unsafe { libc::socket(libc::AF_INET, kind, 0) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    let socket = unsafe { OwnedFd::from_raw_fd(fd) };
    // SAFETY: sockaddr_in is plain integers.
    let mut to: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    to.sin_family = libc::sa_family_t::try_from(libc::AF_INET).expect("a small number");
    to.sin_port = address.port().to_be();
    to.sin_addr.s_addr = u32::from(*address.ip()).to_be();
    let length = libc::socklen_t::try_from(size_of_val(&to)).expect("some bytes");
    // SAFETY: `to` outlives the call, and is as long as it says.
    let begun = unsafe { libc::connect(socket.as_raw_fd(), (&raw const to).cast(), length) };
    match Errno::result(begun) {
        Ok(_) | Err(Errno::EINPROGRESS) => Ok(socket),
        Err(errno) => Err(errno),
    }
}
