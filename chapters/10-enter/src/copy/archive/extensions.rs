//! What extensions say of the entry behind them.

use process::{Error, Result};

use super::CAPABILITY;

/// What extensions have said of the next entry.
#[derive(Default)]
pub struct Extensions {
    pub name: Option<Vec<u8>>,
    pub target: Option<Vec<u8>>,
    pub size: Option<u64>,
    pub uid: Option<u32>,
    pub gid: Option<u32>,
    pub mtime: Option<i64>,
    pub capability: Option<Vec<u8>>,
}

impl Extensions {
    /// Records such as `18 path=some/name\n`: the first number is the length of all of it.
    pub fn read(&mut self, mut bytes: &[u8]) -> Result<()> {
        let malformed = || Error::new("read the archive: a record of an extension is malformed");
        while !bytes.is_empty() {
            let blank = bytes.iter().position(|byte| *byte == b' ').ok_or_else(malformed)?;
            let length: usize = number(&bytes[..blank]).ok_or_else(malformed)?;
            let record = bytes.get(blank + 1..length).and_then(|it| it.strip_suffix(b"\n"));
            let record = record.ok_or_else(malformed)?;
            let equals = record.iter().position(|byte| *byte == b'=').ok_or_else(malformed)?;
            self.take(&record[..equals], &record[equals + 1..])?;
            bytes = &bytes[length..];
        }
        Ok(())
    }

    fn take(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let what = || Error::new(format!("read the archive: {}", String::from_utf8_lossy(key)));
        match key {
            b"path" => self.name = Some(value.to_owned()),
            b"linkpath" => self.target = Some(value.to_owned()),
            // It must be understood: whoever takes the header's instead reads contents as entries.
            b"size" => self.size = Some(number(value).ok_or_else(what)?),
            b"uid" => self.uid = Some(number(value).ok_or_else(what)?),
            b"gid" => self.gid = Some(number(value).ok_or_else(what)?),
            b"mtime" => {
                let seconds = value.split(|byte| *byte == b'.').next().unwrap_or_default();
                self.mtime = Some(number(seconds).ok_or_else(what)?);
            }
            CAPABILITY => self.capability = Some(value.to_owned()),
            key if key.starts_with(b"GNU.sparse.") => return Err(sparse()),
            _ => {}
        }
        Ok(())
    }
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Files of which only a part is there, in a form that only GNU's tar has.
pub fn sparse() -> Error {
    Error::new("the archive has a sparse file in GNU's own form")
        .with_hint("make the archive without --sparse; what is all zeros takes no room anyway")
}
