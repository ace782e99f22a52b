//! What people type: `NAME:PATH`, a path of the host, or `-`.
//!
//! A colon parts a container's name from a path in it, so that a file of the host that has one
//! is to be called `./file:name`. How a path ends matters as well, since it tells what of a
//! directory is meant, see `place.rs`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use process::{Result, Step};
use serde::{Deserialize, Serialize};

/// One of the two that are typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// `c1:/etc/hosts`
    Container(String, Location),
    /// `./hosts`
    Host(Location),
    /// `-`
    Stream,
}

/// A path, absolute and without detours, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// `/a/../b` is `/b`, as Docker has it.
    #[serde(with = "process::bytes")]
    pub path: PathBuf,
    /// What was behind the last name.
    pub ending: Ending,
}

/// How a path ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// With a name: whatever that stands for, also a link.
    Name,
    /// `dir/`: a directory, if need be where a link leads.
    Slash,
    /// `dir/.`: what is in the directory, without it.
    Dot,
}

impl Typed {
    /// Reads a word.
    ///
    /// # Errors
    /// If there is no working directory for a path to begin at.
    pub fn read(word: &OsStr) -> Result<Self> {
        let bytes = word.as_bytes();
        if bytes == b"-" {
            return Ok(Self::Stream);
        }
        let colon = bytes.iter().position(|byte| *byte == b':');
        match colon.filter(|_| !bytes.starts_with(b"/") && !bytes.starts_with(b".")) {
            Some(colon) => {
                let name = String::from_utf8_lossy(&bytes[..colon]).into_owned();
                let path = Path::new("/").join(OsStr::from_bytes(&bytes[colon + 1..]));
                Ok(Self::Container(name, Location::of(&path)))
            }
            None => {
                let here = std::env::current_dir().step(|| "ask for the working directory")?;
                Ok(Self::Host(Location::of(&here.join(word))))
            }
        }
    }
}

impl Location {
    fn of(path: &Path) -> Self {
        let bytes = path.as_os_str().as_bytes();
        let ending = match bytes {
            [.., b'/', b'.'] => Ending::Dot,
            [.., b'/'] => Ending::Slash,
            _ => Ending::Name,
        };
        let mut plain = PathBuf::from("/");
        for part in path.components() {
            match part {
                Component::Normal(name) => plain.push(name),
                Component::ParentDir => drop(plain.pop()),
                _ => {}
            }
        }
        // All of a root is what is in it: it has no name.
        let ending = if plain.file_name().is_none() { Ending::Dot } else { ending };
        Self { path: plain, ending }
    }

    /// As it was typed, but absolute.
    pub fn typed(&self) -> PathBuf {
        match self.ending {
            Ending::Name => self.path.clone(),
            Ending::Slash => self.path.join(""),
            Ending::Dot => self.path.join("."),
        }
    }
}
