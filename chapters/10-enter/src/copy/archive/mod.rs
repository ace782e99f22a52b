//! The form in which files travel: tar(5).
//!
//! An archive is a row of blocks of 512 bytes. Each file has one that tells of it, and then
//! what is in it:
//!
//! ```text
//!   ┌ header: name, mode, owner, size, time, kind ┐┌ contents ─────┐┌ header … ┐┌ zeros: the end ┐
//! ```
//!
//! A name has a hundred bytes of room in there, so there are extensions, which are entries
//! that tell of the next one: GNU's `L` and `K` for a long name and a long target, and POSIX'
//! `x` for whatever else, in records such as `30 mtime=1350244992.023960108`. We write the
//! first two, as everybody can read them, and `x` for a file's capabilities; we read all.
//!
//! The crate `tar` knows the block, its numbers and its sum. The row is ours, since it is
//! made by strangers: no extension may be larger than a file's name can be, and a name may
//! have any byte in it, also the one that ends a line.

use std::ffi::OsString;
use std::path::PathBuf;

mod extensions;
mod read;
mod write;

pub use read::Reader;
pub use write::{Contents, Writer};

/// What a block has.
const BLOCK: usize = 512;

/// What is read or written at once.
const ROOM: usize = 1 << 16;

/// The name of a file's capabilities among its extended attributes; capabilities(7).
const CAPABILITY: &[u8] = b"SCHILY.xattr.security.capability";

/// What an archive tells of a file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name, with the directories on the way.
    pub name: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Its permissions, and the three bits above them.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// When its contents were changed, in seconds since 1970.
    pub mtime: i64,
    /// The length of its contents in bytes.
    pub size: u64,
    /// What it may do when it is executed, as the kernel keeps it.
    pub capability: Option<Vec<u8>>,
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bytes.
    File,
    /// Names.
    Directory,
    /// A symbolic link, and where it leads.
    Link(OsString),
    /// Another name of a file that came before: a hard link.
    SameAs(PathBuf),
    /// A named pipe.
    Fifo,
    /// A device by bytes: its number.
    CharacterDevice(u64),
    /// A device by blocks: its number.
    BlockDevice(u64),
}
