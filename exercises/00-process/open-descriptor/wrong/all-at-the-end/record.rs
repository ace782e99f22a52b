//! Writes the record when all is over: while the container runs, nobody knows of it.

use std::fs::{create_dir_all, write};
use std::io;

pub struct Record(String);

impl Record {
    pub fn begin(name: &str) -> io::Result<Self> {
        Ok(Self(name.to_owned()))
    }

    pub fn finish(self, code: i32) -> io::Result<()> {
        create_dir_all("/run/records")?;
        write(format!("/run/records/{}", self.0), format!("exit code {code}\n"))
    }
}
