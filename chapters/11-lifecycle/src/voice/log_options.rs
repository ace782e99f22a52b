//! How much of a log is kept: `--log-opt`.

use process::{Error, Result};
use serde::{Deserialize, Serialize};

/// How much that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOptions {
    /// A file of it has as many bytes, and a line more; `None`: any number.
    pub max_size: Option<u64>,
    /// As many files there are.
    pub max_file: u32,
}

impl Default for LogOptions {
    /// What does no harm on any machine.
    fn default() -> Self {
        Self { max_size: Some(10 << 20), max_file: 3 }
    }
}

impl LogOptions {
    /// Reads `max-size=10m` and `max-file=3`, several of them with commas between.
    ///
    /// # Errors
    /// If it is another option, or no number.
    pub fn resolve(words: &[String]) -> Result<Self> {
        let mut it = Self::default();
        for word in words.iter().flat_map(|words| words.split(',')) {
            match word.split_once('=') {
                Some(("max-size", "-1")) => it.max_size = None,
                Some(("max-size", size)) => {
                    let wrong = |why| Error::new(format!("max-size {size}: {why}"));
                    match cgroups::bytes(size).map_err(wrong)? {
                        0 => return Err(Error::new("max-size 0: nothing would be kept")),
                        size => it.max_size = Some(size),
                    }
                }
                Some(("max-file", count)) => {
                    let count = count.parse().ok().filter(|count| (1..=1000).contains(count));
                    let wrong = || Error::new("max-file is a number from 1 to 1000");
                    it.max_file = count.ok_or_else(wrong)?;
                }
                _ => {
                    return Err(Error::new(format!("there is no log option `{word}`"))
                        .with_hint("there are max-size=10m and max-file=3"));
                }
            }
        }
        Ok(it)
    }
}
