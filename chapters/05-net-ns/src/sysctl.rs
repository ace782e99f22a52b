//! The switches of a network: the files below /proc/sys/net, sysctl(8).
//!
//! Each network namespace has its own, and the kernel shows everybody those of the
//! namespace *they* are in. So the runtime opens the directory once, in its own /proc,
//! and both sides use it, the container's first process after it has changed over to its
//! namespace. No image and no volume can put other files in its place.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use process::{Error, Result, Step, kernel_file};

const DIRECTORY: &str = "/proc/sys/net";

/// The directory, open.
#[derive(Debug)]
pub struct Sysctl(OwnedFd);

impl Sysctl {
    /// Opens it in this process's /proc.
    pub fn open() -> Result<Self> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let directory = open(DIRECTORY, flags, Mode::empty());
        Ok(Self(directory.step(|| format!("open {DIRECTORY}"))?))
    }

    /// A switch, such as `ipv4/ip_forward`: the bytes in the file, without the line's end.
    ///
    /// # Errors
    /// `ENOENT` where the kernel, or this link, has no such switch.
    pub fn get(&self, name: &str) -> Result<Vec<u8>> {
        let step = || format!("read {DIRECTORY}/{name}");
        let file = self.file(name, OFlag::O_RDONLY).step(step)?;
        let value = kernel_file::read_open(file).step(step)?;
        Ok(value.trim_ascii_end().to_owned())
    }

    /// Sets a switch. One that is set already is not written: it may be read-only here.
    ///
    /// # Errors
    /// As [`Self::get`]; or if the kernel refuses it.
    pub fn set(&self, name: &str, value: &str) -> Result<()> {
        if self.get(name)? == value.as_bytes() {
            return Ok(());
        }
        self.file(name, OFlag::O_WRONLY)
            .map_err(std::io::Error::from)
            .and_then(|mut file| file.write_all(value.as_bytes()))
            .step(|| format!("write {value} to {DIRECTORY}/{name}"))
            .map_err(explain)
    }

    fn file(&self, name: &str, flags: OFlag) -> nix::Result<File> {
        openat(&self.0, name, flags | OFlag::O_CLOEXEC, Mode::empty()).map(File::from)
    }
}

fn explain(error: Error) -> Error {
    match error.errno() {
        Some(Errno::EROFS) => error.with_hint(
            "/proc/sys is read-only here, as inside of a container; --network none needs none of it",
        ),
        Some(Errno::EACCES | Errno::EPERM) => {
            error.with_hint("changing the host's network needs root; --network none does not")
        }
        _ => error,
    }
}
