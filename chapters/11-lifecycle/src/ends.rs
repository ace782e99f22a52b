//! How a container has ended, for those who wait for it: also when nothing of it is left.
//!
//! With `--rm`, the last thing that a monitor does is to remove all that is known of the container,
//! the exit code as well. Whoever waits must not come too late for it. But a file that is open
//! can still be read when it has lost its name, unlink(2). So there is one to which nothing is
//! ever done but that a line is added, and it is opened before the wait.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use process::{Result, Step};

use crate::life::RECORD;

/// In what this chapter has in a record: an exit code a line.
const ENDS: &str = "ends";

/// The ends of a container, from some moment on.
#[derive(Debug)]
pub(crate) struct Ends(File);

impl Ends {
    /// For a new container, in its directory `life`.
    pub fn begin(life: &Path) -> Result<()> {
        let path = life.join(ENDS);
        let made = File::options().write(true).create_new(true).mode(0o600).open(&path);
        made.map(drop).step(|| format!("create {}", path.display()))
    }

    /// Adds one.
    pub fn add(record: &Path, code: u8) -> Result<()> {
        let path = record.join(RECORD).join(ENDS);
        let add = |mut file: File| file.write_all(format!("{code}\n").as_bytes());
        let added = File::options().append(true).open(&path).and_then(add);
        added.step(|| format!("write {}", path.display()))
    }

    /// Those that come from now on; `None` if nothing is known of the container's life.
    pub fn open(record: &Path) -> Result<Option<Self>> {
        let path = record.join(RECORD).join(ENDS);
        let open = || -> io::Result<_> {
            let mut file = File::open(&path)?;
            io::copy(&mut file, &mut io::sink())?;
            Ok(Self(file))
        };
        match open() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some).step(|| format!("read {}", path.display())),
        }
    }

    /// The last that has come.
    pub fn last(&mut self) -> Option<u8> {
        let mut text = String::new();
        self.0.read_to_string(&mut text).ok()?;
        text.lines().next_back()?.parse().ok()
    }
}
