//! What a program needs in order to start, read out of its ELF file.
//!
//! `execve(2)` looks at the program headers only, and so does the loader; section
//! headers may be stripped. Three of their entries matter to us:
//!
//! ```text
//!   PT_INTERP    /lib64/ld-linux-x86-64.so.2    the loader, by its full path
//!   PT_DYNAMIC   DT_NEEDED   libc.so.6          a library, by name
//!                DT_RUNPATH  $ORIGIN/../lib     where to look before anywhere else
//!                DT_STRTAB   an address         the names are at offsets in there
//!   PT_LOAD      file range → address range     ... and this finds it in the file
//! ```
//!
//! A file with neither an interpreter nor needed libraries is *static*: it starts in
//! a root that holds nothing but itself.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use object::elf::{
    DT_NEEDED, DT_NULL, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB, FileHeader32, FileHeader64,
    PT_LOAD,
};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, FileKind, ReadCache, ReadRef};

/// What is known of one ELF file.
#[derive(Debug)]
pub struct Elf {
    /// The machine it is made for: whether it has 64 bits, and `e_machine`.
    pub machine: (bool, u16),
    /// The loader that the kernel starts in its place.
    pub interpreter: Option<PathBuf>,
    /// The libraries it wants, by name.
    pub needed: Vec<OsString>,
    /// Directories for its libraries and theirs; void beside a `runpath`.
    pub rpath: Vec<PathBuf>,
    /// Directories for its own libraries.
    pub runpath: Vec<PathBuf>,
}

impl Elf {
    /// Reads a file; `None` if it is no ELF file.
    ///
    /// # Errors
    /// If it cannot be read, or is cut off or damaged.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        let origin = path.canonicalize()?;
        let origin = origin.parent().unwrap_or(Path::new("/"));
        // Reads the few places we look at, not the whole file.
        let data = ReadCache::new(File::open(path)?);
        let elf = match FileKind::parse(&data) {
            Ok(FileKind::Elf64) => parse::<FileHeader64<Endianness>, _>(&data, origin),
            Ok(FileKind::Elf32) => parse::<FileHeader32<Endianness>, _>(&data, origin),
            _ => return Ok(None),
        };
        elf.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Whether it starts without any other file.
    pub fn is_static(&self) -> bool {
        self.interpreter.is_none() && self.needed.is_empty()
    }
}

fn parse<'data, H, R>(data: R, origin: &Path) -> object::Result<Elf>
where
    H: FileHeader<Endian = Endianness>,
    R: ReadRef<'data>,
{
    let header = H::parse(data)?;
    let endian = header.endian()?;
    let segments = header.program_headers(endian, data)?;
    let mut elf = Elf {
        machine: (header.is_class_64(), header.e_machine(endian).0),
        interpreter: None,
        needed: Vec::new(),
        rpath: Vec::new(),
        runpath: Vec::new(),
    };
    let mut dynamic = Vec::new();
    for segment in segments {
        if let Some(path) = segment.interpreter(endian, data)? {
            elf.interpreter = Some(OsStr::from_bytes(path).into());
        }
        if let Some(entries) = segment.dynamic(endian, data)? {
            let entries = entries.iter().map(|entry| (entry.tag(endian), entry.val(endian)));
            dynamic.extend(entries.take_while(|(tag, _)| *tag != DT_NULL));
        }
    }
    let value = |wanted| dynamic.iter().find(|(tag, _)| *tag == wanted).map(|(_, value)| *value);
    let (Some(address), Some(size)) = (value(DT_STRTAB), value(DT_STRSZ)) else {
        return Ok(elf);
    };
    let names = segments
        .iter()
        .filter(|segment| segment.p_type(endian) == PT_LOAD)
        .find_map(|segment| segment.data_range(endian, data, address, size).ok().flatten())
        .unwrap_or_default();
    for (tag, offset) in &dynamic {
        let name = || name_at(names, *offset);
        match *tag {
            DT_NEEDED => elf.needed.push(name().to_owned()),
            DT_RPATH => elf.rpath = directories(name(), origin),
            DT_RUNPATH => elf.runpath = directories(name(), origin),
            _ => {}
        }
    }
    Ok(elf)
}

/// The NUL-terminated name at an offset of the string table.
fn name_at(names: &[u8], offset: u64) -> &OsStr {
    let rest = usize::try_from(offset).ok().and_then(|at| names.get(at..)).unwrap_or_default();
    OsStr::from_bytes(rest.split(|&byte| byte == 0).next().unwrap_or_default())
}

/// A search path, with `$ORIGIN` standing for the file's own directory; ld.so(8).
fn directories(path: &OsStr, origin: &Path) -> Vec<PathBuf> {
    let origin = origin.to_string_lossy();
    let path = path.to_string_lossy().replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin);
    // $LIB and $PLATFORM are the loader's secrets: rare, and left out here. So are
    // relative directories, which mean another place for every caller.
    let is_known = |dir: &&str| dir.starts_with('/') && !dir.contains('$');
    path.split(':').filter(is_known).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_program_needs_a_c_library_or_is_static() {
        let elf = Elf::read(Path::new("/proc/self/exe")).unwrap().unwrap();
        assert_eq!(elf.machine.0, cfg!(target_pointer_width = "64"));
        let is_c_library = |name: &OsString| name.to_string_lossy().starts_with("libc.");
        assert_eq!(elf.needed.iter().any(is_c_library), elf.interpreter.is_some());
        assert_eq!(elf.is_static(), elf.interpreter.is_none());
    }

    #[test]
    fn a_text_is_no_elf_file() {
        assert!(Elf::read(Path::new("/proc/self/status")).unwrap().is_none());
    }

    #[test]
    fn origin_is_the_directory_of_the_file() {
        let found =
            directories(OsStr::new("$ORIGIN/../lib:${ORIGIN}:lib:/x/$LIB"), Path::new("/a/b"));
        assert_eq!(found, [Path::new("/a/b/../lib"), Path::new("/a/b")]);
    }

    #[test]
    fn an_offset_outside_of_the_names_is_an_empty_name() {
        assert_eq!(name_at(b"\0libc.so.6\0", 1), "libc.so.6");
        assert_eq!(name_at(b"\0libc.so.6\0", 99), "");
    }
}
