//! Words in JSON, which can say text only.
//!
//! The kernel takes any bytes for a name or an argument. Mostly they are UTF-8; what is not is
//! written as `{"base64": "Y2Fm6Q=="}`, RFC 4648. A field of a value says so of itself:
//!
//! ```
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Volume {
//!     #[serde(with = "process::bytes")]
//!     source: std::path::PathBuf,
//!     #[serde(with = "process::bytes")]
//!     options: Option<Vec<std::ffi::OsString>>,
//! }
//! ```

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes words.
///
/// # Errors
/// Those of the format.
pub fn serialize<W: Words, S: Serializer>(words: &W, to: S) -> Result<S::Ok, S::Error> {
    words.write().serialize(to)
}

/// Reads words.
///
/// # Errors
/// Those of the format, or if something is not base64.
pub fn deserialize<'de, W: Words, D: Deserializer<'de>>(from: D) -> Result<W, D::Error> {
    W::read(W::Written::deserialize(from)?).ok_or_else(|| D::Error::custom("it is not base64"))
}

/// Words that are a value by themselves, and no field of one.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a, W>(pub &'a W);

impl<W: Words> Serialize for Bytes<'_, W> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        serialize(self.0, to)
    }
}

/// A word, or several of them.
pub trait Words: Sized {
    /// The shape it is written in.
    type Written: Serialize + DeserializeOwned;

    /// Puts it in that shape.
    fn write(&self) -> Self::Written;

    /// Takes it out again; `None` if something is not base64.
    fn read(written: Self::Written) -> Option<Self>;
}

/// A word as it is written.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Word {
    /// UTF-8.
    Text(String),
    /// All else.
    Bytes {
        /// Four digits for three bytes.
        base64: String,
    },
}

impl Words for OsString {
    type Written = Word;

    fn write(&self) -> Word {
        write(self)
    }

    fn read(written: Word) -> Option<Self> {
        match written {
            Word::Text(text) => Some(text.into()),
            Word::Bytes { base64 } => decode(&base64).map(OsString::from_vec),
        }
    }
}

impl Words for PathBuf {
    type Written = Word;

    fn write(&self) -> Word {
        write(self.as_os_str())
    }

    fn read(written: Word) -> Option<Self> {
        OsString::read(written).map(Self::from)
    }
}

impl<W: Words> Words for Vec<W> {
    type Written = Vec<W::Written>;

    fn write(&self) -> Self::Written {
        self.iter().map(W::write).collect()
    }

    fn read(written: Self::Written) -> Option<Self> {
        written.into_iter().map(W::read).collect()
    }
}

impl<W: Words> Words for Option<W> {
    type Written = Option<W::Written>;

    fn write(&self) -> Self::Written {
        self.as_ref().map(W::write)
    }

    fn read(written: Self::Written) -> Option<Self> {
        written.map_or(Some(None), |word| W::read(word).map(Some))
    }
}

/// A key and its value.
impl<K: Words, V: Words> Words for (K, V) {
    type Written = (K::Written, V::Written);

    fn write(&self) -> Self::Written {
        (self.0.write(), self.1.write())
    }

    fn read((key, value): Self::Written) -> Option<Self> {
        Some((K::read(key)?, V::read(value)?))
    }
}

fn write(word: &OsStr) -> Word {
    match word.to_str() {
        Some(text) => Word::Text(text.to_owned()),
        None => Word::Bytes { base64: encode(word.as_bytes()) },
    }
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Three bytes are four digits of six bits; `=` fills up the last four.
fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().chain(&[0, 0]).take(3).fold(0, |bits, &byte| bits << 8 | byte as usize);
        for place in 0..4 {
            let digit = char::from(DIGITS[bits >> (18 - 6 * place) & 63]);
            text.push(if place > three.len() { '=' } else { digit });
        }
    }
    text
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let mut bits: u32 = 0;
        for digit in four {
            let value = DIGITS.iter().position(|one| one == digit)?;
            bits = bits << 6 | u32::try_from(value).ok()?;
        }
        bits <<= 6 * (4 - four.len());
        bytes.extend_from_slice(&bits.to_be_bytes()[1..four.len().max(1)]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_as_they_were() {
        assert_eq!(encode(b"caf\xe9"), "Y2Fm6Q==");
        for length in 0..=7 {
            let bytes: Vec<u8> = (0..length).map(|it| 255 - it * 37).collect();
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
        assert_eq!(decode("no base64!"), None);
    }

    #[test]
    fn words_come_back_in_every_shape() {
        #[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
        struct Value {
            #[serde(with = "super")]
            path: PathBuf,
            #[serde(with = "super")]
            none: Option<PathBuf>,
            #[serde(with = "super")]
            pairs: Vec<(OsString, OsString)>,
        }
        let odd = OsString::from_vec(b"caf\xe9".into());
        let pairs = vec![("PATH".into(), odd.clone())];
        let value = Value { path: odd.into(), none: None, pairs };
        let text = serde_json::to_string(&value).unwrap();
        let base64 = r#"{"base64":"Y2Fm6Q=="}"#;
        let expected = format!(r#"{{"path":{base64},"none":null,"pairs":[["PATH",{base64}]]}}"#);
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
