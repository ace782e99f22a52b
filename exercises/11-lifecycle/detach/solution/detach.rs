//! Starts a command and lets go of it.

use std::convert::Infallible;
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read, Write, pipe};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, execvp, fork, setsid};
use process::exit_now;

/// Starts the command so that it goes on when this program has ended and its terminal is gone.
pub fn detach(command: &[CString], lock: File) -> io::Result<()> {
    // Closed on exec, both ends. So the reader sees the end of it when the exec has worked.
    let (mut told, mut tell) = pipe()?;
    // SAFETY: this process has one thread only.
    match unsafe { fork() }? {
        ForkResult::Parent { .. } => {
            // As long as we have this end ourselves, there is no end to be seen.
            drop(tell);
            let mut bytes = Vec::new();
            told.read_to_end(&mut bytes)?;
            match bytes.try_into() {
                Ok(errno) => Err(io::Error::from_raw_os_error(i32::from_ne_bytes(errno))),
                Err(_) => Ok(()),
            }
        }
        ForkResult::Child => {
            let Err(errno) = become_command(command, &lock);
            let _ = tell.write_all(&(errno as i32).to_ne_bytes());
            exit_now(127)
        }
    }
}

fn become_command(command: &[CString], lock: &File) -> nix::Result<Infallible> {
    // A new child leads no process group yet, so it may.
    setsid()?;
    let null = open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())?;
    dup2_stdin(&null)?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    // All others are closed by the exec, also those that we have inherited and know nothing of.
    // SAFETY: this marks descriptors and closes none.
    let marked = unsafe { libc::close_range(3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC as i32) };
    Errno::result(marked)?;
    // The lock belongs to the open file, which we share. It is held until the last of us closes
    // it, so that there is no moment in which nobody has it.
    fcntl(lock, FcntlArg::F_SETFD(FdFlag::empty()))?;
    execvp(&command[0], command)
}
