//! `/etc/ld.so.cache`: where glibc's loader finds a library without searching.
//!
//! `ldconfig(8)` writes it. An older format may stand before the one read here, for
//! loaders older than 2.2; in a file of both kinds the offsets count from the second
//! header on.
//!
//! ```text
//!   magic    "glibc-ld.so.cache1.1"           20 bytes
//!   header   entries: u32, names' length: u32, flags, reserved     28 bytes
//!   entry    flags: i32, name: u32, path: u32, unused: u32, hwcap: u64
//!   …        name and path are offsets to NUL-terminated strings
//! ```

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// Where the cache is.
pub const PATH: &str = "/etc/ld.so.cache";

const MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const HEADER_SIZE: usize = 48; // bytes, with the magic
const ENTRY_SIZE: usize = 24; // bytes

/// Every library's paths by its name, the loader's first choice first.
///
/// A file of another format is as good as an empty one: the directories that the
/// cache was made from are searched then.
pub fn parse(file: &[u8]) -> HashMap<OsString, Vec<PathBuf>> {
    let mut libraries: HashMap<OsString, Vec<PathBuf>> = HashMap::new();
    let Some(start) = file.windows(MAGIC.len()).position(|bytes| bytes == MAGIC) else {
        return libraries;
    };
    let cache = &file[start..];
    let count = number(cache, MAGIC.len()).unwrap_or(0) as usize;
    for entry in cache.get(HEADER_SIZE..).unwrap_or_default().chunks_exact(ENTRY_SIZE).take(count) {
        // A library with a hwcap is a faster twin for some processors only; the
        // plain one beside it runs everywhere.
        if entry[16..] != [0; 8] {
            continue;
        }
        let name = number(entry, 4).and_then(|offset| string(cache, offset));
        let path = number(entry, 8).and_then(|offset| string(cache, offset));
        if let (Some(name), Some(path)) = (name, path) {
            libraries.entry(name.to_owned()).or_default().push(path.into());
        }
    }
    libraries
}

/// A number in the byte order of this machine, as `ldconfig` wrote it.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_ne_bytes(*four))
}

fn string(cache: &[u8], offset: u32) -> Option<&OsStr> {
    let rest = cache.get(offset as usize..)?;
    let end = rest.iter().position(|&byte| byte == 0)?;
    Some(OsStr::from_bytes(&rest[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_cache_knows_its_c_library() {
        let Ok(file) = std::fs::read(PATH) else {
            return eprintln!("skipped: this host has no {PATH}");
        };
        let libraries = parse(&file);
        let paths = &libraries[OsStr::new("libc.so.6")];
        assert!(paths.iter().all(|path| path.is_absolute() && path.exists()), "{paths:?}");
    }

    #[test]
    fn a_cut_off_cache_gives_what_is_left_of_it() {
        assert!(parse(b"ld.so-1.7.0").is_empty());
        assert!(parse(MAGIC).is_empty());
        let Ok(file) = std::fs::read(PATH) else { return };
        for length in (0..file.len()).step_by(97) {
            let _ = parse(&file[..length]);
        }
    }
}
