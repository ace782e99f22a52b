//! Reading an archive that anybody may have made.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, ErrorKind, Read, copy, sink};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::stat::makedev;
use process::{Error, Result, Step};
use tar::{EntryType, Header};

use super::extensions::{Extensions, sparse};
use super::{BLOCK, Entry, Kind, ROOM};

/// The largest extension, in bytes. The kernel's longest path has 4096.
const LARGEST: u64 = 1 << 20;

/// What compressed data begin with, and what makes plain ones of it.
const COMPRESSED: [(&[u8], &str); 4] = [
    (b"\x1f\x8b", "gzip -dc"),
    (b"BZh", "bzip2 -dc"),
    (b"\xfd7zXZ", "xz -dc"),
    (b"\x28\xb5\x2f\xfd", "zstd -dc"),
];

/// An archive, read from its beginning to its end.
#[derive(Debug)]
pub struct Reader<R> {
    from: BufReader<R>,
    /// What is still unread of the contents of the last entry.
    left: u64,
    /// The zeros behind it that fill up its last block.
    padding: u64,
}

impl<R: Read> Reader<R> {
    /// Reads from its beginning.
    pub fn new(from: R) -> Self {
        Self { from: BufReader::with_capacity(ROOM, from), left: 0, padding: 0 }
    }

    /// The next entry; `None` at the end.
    ///
    /// # Errors
    /// If it is no archive, or is cut off.
    pub fn next(&mut self) -> Result<Option<Entry>> {
        let mut extensions = Extensions::default();
        loop {
            let rest = self.left + self.padding;
            (self.left, self.padding) = (0, 0);
            self.skip(rest)?;
            let Some(header) = self.header()? else { return Ok(None) };
            let size = header.entry_size().step(|| "read the size of an entry")?;
            match header.entry_type() {
                EntryType::GNULongName => extensions.name = Some(without_nul(self.small(size)?)),
                EntryType::GNULongLink => extensions.target = Some(without_nul(self.small(size)?)),
                EntryType::XHeader => extensions.read(&self.small(size)?)?,
                // What it says of all that follows, nobody has a use for.
                EntryType::XGlobalHeader => drop(self.small(size)?),
                _ => {
                    let entry = entry(&header, extensions)?;
                    if entry.kind == Kind::File {
                        self.expect(entry.size);
                    }
                    return Ok(Some(entry));
                }
            }
        }
    }

    /// Reads on in the contents of the last entry; nothing at their end.
    ///
    /// # Errors
    /// If they are cut off.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = loop {
            match self.from.read(&mut buffer[..wanted]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read.step(|| "read the archive")?,
            }
        };
        if read == 0 && wanted > 0 {
            return Err(cut_off());
        }
        self.left -= read as u64;
        Ok(read)
    }

    /// Reads what may follow the end, so that whoever writes it need not see a broken pipe.
    pub fn drain(mut self) {
        let _ = copy(&mut self.from, &mut sink());
    }

    fn expect(&mut self, size: u64) {
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let skipped = copy(&mut (&mut self.from).take(bytes), &mut sink());
        if skipped.step(|| "read the archive")? == bytes { Ok(()) } else { Err(cut_off()) }
    }

    /// The next header; `None` if it is the zeros of the end.
    fn header(&mut self) -> Result<Option<Header>> {
        let mut header = Header::new_old();
        // Should this fail, so does what follows.
        let begin = self.from.fill_buf().unwrap_or_default();
        let begin = begin[..begin.len().min(BLOCK)].to_vec();
        match self.from.read_exact(header.as_mut_bytes()) {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                // A small one that is compressed is shorter than a header.
                return Err(if compressed(&begin).is_some() {
                    no_archive(&begin)
                } else {
                    cut_off()
                });
            }
            read => read.step(|| "read the archive")?,
        }
        let bytes = header.as_bytes();
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        // The sum counts its own eight bytes as blanks.
        let sum = |range: &[u8]| range.iter().copied().map(u32::from).sum::<u32>();
        let sum = sum(&bytes[..148]) + 8 * u32::from(b' ') + sum(&bytes[156..]);
        match header.cksum() {
            Ok(told) if told == sum => Ok(Some(header)),
            _ => Err(no_archive(header.as_bytes())),
        }
    }

    /// The contents of an extension.
    fn small(&mut self, size: u64) -> Result<Vec<u8>> {
        if size > LARGEST {
            return Err(Error::new("read the archive: a name in it is larger than 1 MiB"));
        }
        self.expect(size);
        let mut bytes = Vec::new();
        let read = (&mut self.from).take(size).read_to_end(&mut bytes);
        if read.step(|| "read the archive")? as u64 != size {
            return Err(cut_off());
        }
        self.left = 0;
        Ok(bytes)
    }
}

/// What header and extensions tell together.
fn entry(header: &Header, told: Extensions) -> Result<Entry> {
    let name = told.name.unwrap_or_else(|| header.path_bytes().into_owned());
    let target = told.target.or_else(|| header.link_name_bytes().map(|it| it.into_owned()));
    let target = OsString::from_vec(target.unwrap_or_default());
    let step = || format!("read the entry {}", String::from_utf8_lossy(&name));
    let device = || -> Result<u64> {
        let number =
            |part: std::io::Result<Option<u32>>| part.step(step).map(Option::unwrap_or_default);
        Ok(makedev(number(header.device_major())?.into(), number(header.device_minor())?.into()))
    };
    let kind = match header.entry_type() {
        // So it was before there was a kind for directories.
        EntryType::Regular if name.ends_with(b"/") => Kind::Directory,
        EntryType::Regular | EntryType::Continuous => Kind::File,
        EntryType::Directory => Kind::Directory,
        EntryType::Symlink => Kind::Link(target),
        EntryType::Link => Kind::SameAs(target.into()),
        EntryType::Fifo => Kind::Fifo,
        EntryType::Char => Kind::CharacterDevice(device()?),
        EntryType::Block => Kind::BlockDevice(device()?),
        EntryType::GNUSparse => return Err(sparse()),
        other => {
            let kind = char::from(other.as_byte()).escape_default();
            return Err(Error::new(format!("{}: its kind, {kind}, is not known", step())));
        }
    };
    let id = |told: Option<u32>, inside: std::io::Result<u64>| match told {
        Some(id) => Ok(id),
        None => u32::try_from(inside.step(step)?).map_err(|_| {
            Error::new(format!("{}: its owner is not a number that a user can have", step()))
        }),
    };
    let size = match (&kind, told.size) {
        (Kind::File, Some(size)) => size,
        (Kind::File, None) => header.entry_size().step(step)?,
        _ => 0,
    };
    Ok(Entry {
        uid: id(told.uid, header.uid())?,
        gid: id(told.gid, header.gid())?,
        mtime: match told.mtime {
            Some(mtime) => mtime,
            None => header.mtime().step(step)?.try_into().unwrap_or(i64::MAX),
        },
        mode: header.mode().step(step)? & 0o7777,
        capability: told.capability,
        name: PathBuf::from(OsString::from_vec(name)),
        kind,
        size,
    })
}

fn without_nul(mut name: Vec<u8>) -> Vec<u8> {
    while name.last() == Some(&0) {
        name.pop();
    }
    name
}

/// The archive ends in the middle. The errno tells it from what may be the cause.
fn cut_off() -> Error {
    Error::from_errno("read the archive, which is cut off", Errno::ENODATA)
}

fn no_archive(bytes: &[u8]) -> Error {
    let error = Error::new("this is not a tar archive");
    match compressed(bytes) {
        Some(program) => error.with_hint(format!(
            "it is compressed, and lab runs no program that might be the container's: \
             {program} FILE | lab cp - NAME:DIRECTORY"
        )),
        None => error,
    }
}

/// What makes plain data of these, if they are the beginning of compressed ones.
fn compressed(bytes: &[u8]) -> Option<&'static str> {
    COMPRESSED.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, program)| *program)
}
