//! Words in a record, which is JSON and so can say text only.
//!
//! What the kernel takes for a word is bytes, mostly UTF-8. What is not is written as
//! `{"base64": "Y2Fm6Q=="}`, RFC 4648.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use serde::{Deserialize, Serialize};

/// A word as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Word {
    Text(String),
    Bytes { base64: String },
}

impl From<OsString> for Word {
    fn from(word: OsString) -> Self {
        match word.into_string() {
            Ok(text) => Self::Text(text),
            Err(word) => Self::Bytes { base64: encode(&word.into_vec()) },
        }
    }
}

impl Word {
    /// The word itself; `None` if it is not base64.
    pub fn decode(self) -> Option<OsString> {
        match self {
            Self::Text(text) => Some(text.into()),
            Self::Bytes { base64 } => decode(&base64).map(OsString::from_vec),
        }
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
}
