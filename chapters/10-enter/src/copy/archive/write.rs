//! Writing an archive that everybody can read.

use std::io::{BufWriter, ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;

use nix::sys::stat::{major, minor};
use process::{Result, Step};
use tar::{EntryType, Header};

use super::{BLOCK, CAPABILITY, Entry, Kind, ROOM};

/// An archive, written from its beginning to its end.
#[derive(Debug)]
pub struct Writer<W: Write> {
    to: BufWriter<W>,
}

/// What has become of a file while it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// It had the length that was told.
    Whole,
    /// It has become shorter; zeros have taken the place of the rest.
    Shrunk,
    /// It could not be read to its end; the same.
    Unreadable(nix::errno::Errno),
}

impl<W: Write> Writer<W> {
    /// Writes from its beginning.
    pub fn new(to: W) -> Self {
        Self { to: BufWriter::with_capacity(ROOM, to) }
    }

    /// Writes an entry and, of a file, as many bytes as it said it has: one that grows all the
    /// time has no end, and one that shrinks would make an archive of its neighbours' bytes.
    ///
    /// # Errors
    /// If nobody reads it any more.
    pub fn append(&mut self, entry: &Entry, contents: impl Read) -> Result<Contents> {
        self.tell(entry).step(|| "write the archive")?;
        self.fill(entry.size, contents)
    }

    /// Writes the end: whoever does not find it knows that something is missing.
    ///
    /// # Errors
    /// If nobody reads it any more.
    pub fn finish(mut self) -> Result<()> {
        let end = self.to.write_all(&[0; 2 * BLOCK]);
        end.and_then(|()| self.to.flush()).step(|| "write the archive")
    }

    fn tell(&mut self, entry: &Entry) -> std::io::Result<()> {
        if let Some(capability) = &entry.capability {
            let record = record(CAPABILITY, capability);
            self.extend(EntryType::XHeader, &record)?;
        }
        let name = entry.name.as_os_str().as_bytes();
        let mut header = Header::new_gnu();
        if name.len() > header.as_old().name.len() {
            self.extend(EntryType::GNULongName, &[name, b"\0"].concat())?;
        }
        let fits = name.len().min(header.as_old().name.len());
        header.as_old_mut().name[..fits].copy_from_slice(&name[..fits]);
        let target = match &entry.kind {
            Kind::Link(target) => target.as_bytes(),
            Kind::SameAs(name) => name.as_os_str().as_bytes(),
            _ => b"",
        };
        if header.set_link_name_literal(target).is_err() {
            self.extend(EntryType::GNULongLink, &[target, b"\0"].concat())?;
        }
        header.set_entry_type(match entry.kind {
            Kind::File => EntryType::Regular,
            Kind::Directory => EntryType::Directory,
            Kind::Link(_) => EntryType::Symlink,
            Kind::SameAs(_) => EntryType::Link,
            Kind::Fifo => EntryType::Fifo,
            Kind::CharacterDevice(_) => EntryType::Char,
            Kind::BlockDevice(_) => EntryType::Block,
        });
        if let Kind::CharacterDevice(device) | Kind::BlockDevice(device) = entry.kind {
            header.set_device_major(major(device).try_into().unwrap_or_default())?;
            header.set_device_minor(minor(device).try_into().unwrap_or_default())?;
        }
        header.set_mode(entry.mode);
        header.set_uid(entry.uid.into());
        header.set_gid(entry.gid.into());
        // There is no number in a header for what was before 1970.
        header.set_mtime(entry.mtime.try_into().unwrap_or_default());
        header.set_size(entry.size);
        header.set_cksum();
        self.to.write_all(header.as_bytes())
    }

    /// Writes an entry that tells of the next one.
    fn extend(&mut self, kind: EntryType, bytes: &[u8]) -> std::io::Result<()> {
        let mut header = Header::new_gnu();
        let name = b"././@LongLink";
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        self.to.write_all(header.as_bytes())?;
        self.to.write_all(bytes)?;
        self.to.write_all(&vec![0; bytes.len().wrapping_neg() % BLOCK])
    }

    fn fill(&mut self, size: u64, mut contents: impl Read) -> Result<Contents> {
        let mut buffer = vec![0; ROOM];
        let (mut left, mut became) = (size, Contents::Whole);
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let read = match became {
                Contents::Whole => contents.read(&mut buffer[..wanted]),
                _ => Ok(wanted),
            };
            let length = match read {
                Ok(0) => {
                    buffer.fill(0);
                    became = Contents::Shrunk;
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    buffer.fill(0);
                    let errno = error.raw_os_error().unwrap_or_default();
                    became = Contents::Unreadable(nix::errno::Errno::from_raw(errno));
                    continue;
                }
                Ok(length) => length,
            };
            self.to.write_all(&buffer[..length]).step(|| "write the archive")?;
            left -= length as u64;
        }
        let padding = [0; BLOCK];
        let rest = usize::try_from(size.wrapping_neg() % BLOCK as u64).unwrap_or_default();
        self.to.write_all(&padding[..rest]).step(|| "write the archive")?;
        Ok(became)
    }
}

/// `18 path=some/name\n`: a record whose length has to count its own digits.
fn record(key: &[u8], value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + b" =\n".len();
    let mut length = rest;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [length.to_string().as_bytes(), b" ", key, b"=", value, b"\n"].concat()
}
