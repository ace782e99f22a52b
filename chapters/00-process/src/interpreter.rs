//! Why the kernel does not execute a file that is there.
//!
//! Few programs are executed alone. A script names its interpreter after `#!`, and an ELF
//! program in its header the loader that brings its libraries; execve(2) executes that one.
//! If *it* is not there, the kernel says "no such file", and everybody looks for the wrong
//! one. So we read the name where the kernel did.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions, metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::statvfs::{FsFlags, statvfs};

/// As much of a file as the kernel looks at for `#!`, and no less than an ELF header.
const HEAD: usize = 256;

/// What the learner can do about a program that execve(2) has refused.
pub(crate) fn why_not_executed(program: &Path, errno: Errno) -> Option<String> {
    match errno {
        Errno::ENOENT => missing(program),
        Errno::EACCES => Some(no_access(program)),
        Errno::ENOEXEC if head(program).is_some_and(|head| head.starts_with(b"\x7fELF")) => {
            Some("it is an ELF program of another machine, or a broken one".to_owned())
        }
        Errno::ENOEXEC => {
            Some("it is neither an ELF program nor a script that begins with #!".to_owned())
        }
        Errno::E2BIG => Some("arguments and environment are too long together".to_owned()),
        _ => None,
    }
}

/// The file is there, and what it needs is not: that one's name, and why it may be so.
fn missing(program: &Path) -> Option<String> {
    let (file, needs) = chain(program).find(|(_, needs)| metadata(needs).is_err())?;
    let name = needs.as_os_str().as_bytes();
    let said = format!(
        "{} is there, but it needs {}, which is not in this root",
        file.as_os_str().as_bytes().escape_ascii(),
        name.escape_ascii()
    );
    let ends_with_return = name.ends_with(b"\r");
    let why = if ends_with_return { ": the script's lines end as on Windows" } else { "" };
    Some(said + why)
}

fn no_access(program: &Path) -> String {
    let is_executable =
        |found: &Metadata| found.is_file() && found.permissions().mode() & 0o111 != 0;
    let files = [program.to_owned()].into_iter().chain(chain(program).map(|(_, needs)| needs));
    for file in files {
        let Ok(found) = metadata(&file) else { break };
        let name = file.as_os_str().as_bytes().escape_ascii();
        if found.is_dir() {
            return format!("{name} is a directory");
        }
        if !is_executable(&found) {
            return format!("{name} has no execute permission");
        }
        if statvfs(&file).is_ok_and(|at| at.flags().contains(FsFlags::ST_NOEXEC)) {
            return format!("{name} is on a file system that is mounted noexec");
        }
    }
    "this user may not execute it".to_owned()
}

/// Pairs of a file and the interpreter it names, which may name another one. The kernel
/// follows five.
fn chain(program: &Path) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let pair = |file: PathBuf| interpreter(&file).map(|needs| (file, needs));
    std::iter::successors(pair(program.to_owned()), move |(_, needs)| pair(needs.clone())).take(5)
}

fn interpreter(program: &Path) -> Option<PathBuf> {
    let head = head(program)?;
    let name = match head.strip_prefix(b"#!") {
        Some(line) => {
            let line = line.split(|&byte| byte == b'\n').next()?;
            let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            line.split(is_blank).find(|word| !word.is_empty())?.to_vec()
        }
        None => loader(&open(program)?, &head)?,
    };
    Some(PathBuf::from(OsString::from_vec(name)))
}

/// The program header of type 3, PT_INTERP, says where in the file the name is; elf(5).
fn loader(file: &File, head: &[u8]) -> Option<Vec<u8>> {
    let is_64 = match head.get(..5)? {
        b"\x7fELF\x02" => true,
        b"\x7fELF\x01" => false,
        _ => return None,
    };
    let number = |bytes: &[u8], at: usize, size: usize| {
        let mut number = [0; 8];
        number[..size].copy_from_slice(bytes.get(at..at + size)?);
        // A program of another byte order is none of this machine's.
        Some(u64::from_le_bytes(number))
    };
    let word = if is_64 { 8 } else { 4 };
    let table = number(head, if is_64 { 32 } else { 28 }, word)?;
    let size = number(head, if is_64 { 54 } else { 42 }, 2)?;
    let count = number(head, if is_64 { 56 } else { 44 }, 2)?;
    for entry in 0..count {
        let mut header = [0; 56];
        let length = if is_64 { 56 } else { 32 };
        file.read_exact_at(&mut header[..length], table.checked_add(entry * size)?).ok()?;
        if number(&header, 0, 4)? == 3 {
            let at = number(&header, if is_64 { 8 } else { 4 }, word)?;
            let length = number(&header, if is_64 { 32 } else { 16 }, word)?;
            let mut name = vec![0; length.min(4096) as usize];
            file.read_exact_at(&mut name, at).ok()?;
            name.truncate(name.iter().position(|&byte| byte == 0)?);
            return Some(name);
        }
    }
    None
}

fn head(program: &Path) -> Option<Vec<u8>> {
    let mut head = vec![0; HEAD];
    let length = open(program)?.read_at(&mut head, 0).ok()?;
    head.truncate(length);
    Some(head)
}

fn open(program: &Path) -> Option<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(program).ok()?;
    file.metadata().is_ok_and(|found| found.is_file()).then_some(file)
}
