//! Volumes and tmpfs by keys and values: `--mount`.
//!
//! ```text
//!   -v /srv/data:/data:ro   --mount type=bind,source=/srv/data,target=/data,readonly
//!   --tmpfs /run:size=64k   --mount type=tmpfs,target=/run,tmpfs-size=64k
//! ```
//!
//! The fields come in any order, and a path may have a colon in it, but no comma.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use process::Result;

use crate::root::absolute;
use crate::{Mount, Tmpfs, Volume};

/// The keys that there are, and other names of theirs.
const KEYS: [&str; 10] = [
    "type",
    "source",
    "src",
    "target",
    "dst",
    "destination",
    "readonly",
    "ro",
    "tmpfs-size",
    "tmpfs-mode",
];

/// `type=bind|tmpfs,source=…,target=…,readonly`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyedMount {
    /// A file or directory of the host.
    Bind(Volume),
    /// A fresh one in memory.
    Tmpfs(Tmpfs),
}

/// What was typed of one, so far.
#[derive(Default)]
struct Fields {
    kind: OsString,
    source: OsString,
    target: OsString,
    read_only: bool,
    /// What only a tmpfs has, as the kernel takes it: `size=64k`.
    of_tmpfs: Vec<String>,
}

impl KeyedMount {
    /// Reads what was typed: bytes, as all names are.
    pub(crate) fn parse(text: OsString) -> Result<Self, String> {
        let mut fields = Fields::default();
        for field in text.as_bytes().split(|&byte| byte == b',') {
            let at = field.iter().position(|&byte| byte == b'=');
            let (key, value) =
                at.map_or((field, None), |at| (&field[..at], Some(&field[at + 1..])));
            let key = String::from_utf8_lossy(key);
            fields.set(&key, value.map(OsStr::from_bytes))?;
        }
        fields.mount()
    }

    /// The mount that it is.
    ///
    /// # Errors
    /// If its source does not exist.
    pub(crate) fn resolve(&self) -> Result<Mount> {
        match self {
            Self::Bind(volume) => volume.resolve(),
            Self::Tmpfs(tmpfs) => Ok(tmpfs.resolve()),
        }
    }
}

impl Fields {
    /// Takes one field, the later of two winning.
    fn set(&mut self, key: &str, value: Option<&OsStr>) -> Result<(), String> {
        let named = || value.ok_or_else(|| format!("expected {key}=…"));
        match key {
            "type" => self.kind = named()?.to_ascii_lowercase(),
            "source" | "src" => self.source = named()?.to_owned(),
            "target" | "dst" | "destination" => self.target = named()?.to_owned(),
            "readonly" | "ro" => self.read_only = is_true(key, value)?,
            "tmpfs-size" => self.of_tmpfs.push(format!("size={}", size(named()?)?)),
            "tmpfs-mode" => self.of_tmpfs.push(format!("mode={}", mode(named()?)?)),
            // A wish for other systems, on which the host's files are another machine's.
            "consistency" => {}
            "bind-propagation" => match named()?.as_bytes() {
                b"private" | b"rprivate" => {}
                other => {
                    return Err(format!(
                        "bind-propagation={}: a mount of the container is never seen on the host: only rprivate",
                        other.escape_ascii()
                    ));
                }
            },
            "bind-recursive" | "bind-nonrecursive" => {
                return Err(format!("{key}: what is mounted below the source is always shown too"));
            }
            other if other.starts_with("volume-") => {
                return Err(format!("{other}: named volumes arrive in chapter-11"));
            }
            other => return Err(unknown(other)),
        }
        Ok(())
    }

    /// What all of it means.
    fn mount(self) -> Result<KeyedMount, String> {
        let Self { kind, source, target, read_only, of_tmpfs } = self;
        if target.is_empty() {
            return Err("target=… is missing: where the container sees it".to_owned());
        }
        match kind.as_bytes() {
            b"bind" if !of_tmpfs.is_empty() => Err(format!("{} is for type=tmpfs", of_tmpfs[0])),
            b"bind" if source.is_empty() => {
                Err("source=… is missing: a file or directory of the host".to_owned())
            }
            b"bind" => {
                let target = absolute(&target)?;
                Ok(KeyedMount::Bind(Volume { source: source.into(), target, read_only }))
            }
            b"tmpfs" if !source.is_empty() => Err("a tmpfs has no source: it is empty".to_owned()),
            b"tmpfs" => {
                let ro = read_only.then(|| "ro".to_owned());
                let options: Vec<_> = of_tmpfs.into_iter().chain(ro).collect();
                Tmpfs::new(&target, &options.join(",")).map(KeyedMount::Tmpfs)
            }
            b"" | b"volume" => {
                Err("named volumes arrive in chapter-11; type=bind shows a directory \
                                    of the host"
                    .to_owned())
            }
            other => Err(format!("there is no type {}: use bind or tmpfs", other.escape_ascii())),
        }
    }
}

/// `readonly`, `readonly=true`, or what Docker takes for these.
fn is_true(key: &str, value: Option<&OsStr>) -> Result<bool, String> {
    match value.map(OsStr::as_bytes) {
        None | Some(b"true" | b"1") => Ok(true),
        Some(b"false" | b"0") => Ok(false),
        Some(other) => Err(format!("{key}={}: expected true or false", other.escape_ascii())),
    }
}

/// Bytes, as a number that tmpfs(5) takes: `64m`, and `64mb` as well.
fn size(value: &OsStr) -> Result<String, String> {
    let text = value.to_string_lossy().to_ascii_lowercase();
    let text = text.strip_suffix('b').unwrap_or(&text);
    let digits = text.strip_suffix(['k', 'm', 'g']).unwrap_or(text);
    match digits.parse::<u64>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("tmpfs-size={}: expected a size such as 64m", value.display())),
    }
}

/// The mode of its top directory, in octal: `1777`.
fn mode(value: &OsStr) -> Result<String, String> {
    let text = value.to_string_lossy();
    match u32::from_str_radix(&text, 8) {
        Ok(mode) if mode <= 0o7777 => Ok(text.into_owned()),
        _ => Err(format!("tmpfs-mode={text}: expected an octal mode such as 1770")),
    }
}

/// The nearest key is most likely the one that was meant.
fn unknown(key: &str) -> String {
    let distance = |known: &&&str| strsim::damerau_levenshtein(key, known);
    match KEYS.iter().min_by_key(distance).filter(|known| distance(known) <= 3) {
        Some(known) => format!("there is no key {key}: {known} is one"),
        None => format!(
            "there is no key {key}: use type, source, target, readonly, tmpfs-size or tmpfs-mode"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Mount, String> {
        KeyedMount::parse(text.into())?.resolve().map_err(|error| error.to_string())
    }

    #[test]
    fn a_mount_by_keys_is_the_same_as_one_with_colons() {
        let volume = Mount::bind("/etc", "/data", "rro");
        for text in [
            "type=bind,source=/etc,target=/data,readonly",
            "readonly=true,dst=/x,destination=/data,src=/etc,type=BIND",
            "type=bind,src=/etc,dst=/data,ro,consistency=cached,bind-propagation=rprivate",
        ] {
            assert_eq!(parsed(text), Ok(volume.clone()), "{text}");
        }
        let tmpfs = "/run:size=64m,mode=1770".parse::<Tmpfs>().unwrap().resolve();
        assert_eq!(parsed("type=tmpfs,dst=/run,tmpfs-size=64mb,tmpfs-mode=1770"), Ok(tmpfs));
        assert_eq!(parsed("type=bind,src=/etc,dst=/d,ro=false"), Ok(Mount::bind("/etc", "/d", "")));
    }

    #[test]
    fn a_key_that_there_is_not_is_answered_with_the_nearest_one() {
        for (wrong, right) in [("sorce", "source"), ("taget", "target"), ("read-only", "readonly")]
        {
            let error = parsed(&format!("type=bind,{wrong}=/srv")).unwrap_err();
            assert_eq!(error, format!("there is no key {wrong}: {right} is one"));
        }
    }
}
