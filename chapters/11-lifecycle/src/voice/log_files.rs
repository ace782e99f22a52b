//! The files of a log, read as one, while the container goes on.
//!
//! They may be renamed meanwhile, each to the name of the next older one. Whoever opens the
//! newest first, then the older ones, may meet a file twice and misses none. And an open file is
//! the same file whatever it is called, also when it has no name any more: so it is read to its
//! end, and only then the next one is looked for.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::log::{Line, numbered};

/// The files of a log, from the oldest to the newest.
pub(super) struct Files {
    newest: PathBuf,
    open: VecDeque<BufReader<File>>,
    /// A line that is being written.
    begun: Vec<u8>,
}

impl Files {
    /// Opens those that there are.
    ///
    /// # Errors
    /// If one cannot be.
    pub fn open(newest: PathBuf) -> io::Result<Self> {
        let mut it = Self { newest, open: VecDeque::new(), begun: Vec::new() };
        it.find(None)?;
        Ok(it)
    }

    /// Opens those that are newer than the one that we have.
    fn find(&mut self, have: Option<u64>) -> io::Result<()> {
        let mut seen = Vec::new();
        for number in 0.. {
            let file = match File::open(numbered(&self.newest, number)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    if number == 0 {
                        continue;
                    } else {
                        break;
                    }
                }
                file => file?,
            };
            let inode = file.metadata()?.ino();
            if have == Some(inode) {
                break;
            }
            if !seen.contains(&inode) {
                seen.push(inode);
                self.open.push_front(BufReader::new(file));
            }
        }
        Ok(())
    }

    /// The next line that is whole; `None` if there is no more for now.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let Some(file) = self.open.front_mut() else {
                self.find(None)?;
                if self.open.is_empty() {
                    return Ok(None);
                }
                continue;
            };
            let length = file.read_until(b'\n', &mut self.begun)?;
            if self.begun.last() == Some(&b'\n') {
                let line = serde_json::from_slice(&std::mem::take(&mut self.begun));
                // Half a line is one that its writer was killed over.
                let Ok(line) = line else { continue };
                return Ok(Some(line));
            }
            if length > 0 {
                continue;
            }
            let have = file.get_ref().metadata()?.ino();
            let Some(read) = self.open.pop_front() else { continue };
            if !self.open.is_empty() {
                self.begun.clear();
                continue;
            }
            self.find(Some(have))?;
            let is_newest = self.open.is_empty();
            // Once more: something may have been written between its end and its renaming.
            self.open.push_front(read);
            if is_newest {
                return Ok(None);
            }
        }
    }
}
