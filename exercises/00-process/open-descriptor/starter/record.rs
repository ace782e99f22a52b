//! What the runtime writes down about a container.
//!
//! While it runs, the file is called `NAME.running`. The new name comes in one step with
//! rename(2): whoever finds `NAME` finds all of it, even if the machine has crashed since.

use std::fs::{File, create_dir_all};
use std::io::{self, Write};
use std::os::fd::OwnedFd;

use nix::fcntl::{OFlag, open, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::fsync;

const RECORDS: &str = "/run/records";

/// The record of one container.
pub struct Record {
    dir: OwnedFd,
    file: File,
    name: String,
}

impl Record {
    /// Begins the record of a container that is going to run.
    pub fn begin(name: &str) -> io::Result<Self> {
        create_dir_all(RECORDS)?;
        let dir = open(RECORDS, OFlag::O_RDONLY | OFlag::O_DIRECTORY, Mode::empty())?;
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_CLOEXEC;
        let file = openat(&dir, running(name).as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
        Ok(Self { dir, file: file.into(), name: name.to_owned() })
    }

    /// Writes down how it ended.
    pub fn finish(mut self, code: i32) -> io::Result<()> {
        writeln!(self.file, "exit code {code}")?;
        self.file.sync_all()?;
        renameat(&self.dir, running(&self.name).as_str(), &self.dir, self.name.as_str())?;
        fsync(&self.dir)?;
        Ok(())
    }
}

fn running(name: &str) -> String {
    format!("{name}.running")
}
