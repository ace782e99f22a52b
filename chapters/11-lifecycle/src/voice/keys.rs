//! The keys that end being attached, and not the container: `ctrl-p,ctrl-q`.
//!
//! All else that is typed belongs to the command, and so do these keys while they are not yet
//! the whole sequence: Ctrl-P alone is "the line before" to every shell. Only the next key
//! tells. So the first one is held back until that comes, but never for longer than
//! [`PATIENCE`]: then it was meant for the command.

use std::str::FromStr;
use std::time::{Duration, Instant};

use process::Error;

/// So long a key is held back.
const PATIENCE: Duration = Duration::from_millis(500);

/// Keys, in the order in which they are pressed: each is one byte to a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachKeys(Vec<u8>);

impl Default for DetachKeys {
    /// Docker's: Ctrl-P, Ctrl-Q.
    fn default() -> Self {
        Self(vec![0x10, 0x11])
    }
}

impl FromStr for DetachKeys {
    type Err = Error;

    /// `ctrl-a,d`; the empty word means that no keys do it.
    fn from_str(words: &str) -> Result<Self, Error> {
        if words.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let key = |word: &str| match (word.as_bytes(), word.strip_prefix("ctrl-")) {
            (&[key], _) => Some(key),
            // What Ctrl makes of a key: ascii(7).
            (_, Some(rest)) => match rest.as_bytes() {
                &[key @ (b'a'..=b'z' | b'@'..=b'_')] if !key.is_ascii_uppercase() => {
                    Some(key & 0x1f)
                }
                _ => None,
            },
            _ => None,
        };
        let key = |word| {
            key(word).ok_or_else(|| {
                Error::new(format!("`{word}` is no key")).with_hint(
                    "keys are characters or ctrl- and one of a-z @ [ \\ ] ^ _, with commas between",
                )
            })
        };
        words.split(',').map(key).collect::<Result<_, _>>().map(Self)
    }
}

/// What was typed, on its way to the command.
#[derive(Debug)]
pub(crate) struct Typed {
    keys: Vec<u8>,
    /// So many of them have been pressed, and are held back.
    pressed: usize,
    since: Instant,
}

/// What becomes of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    /// It is the command's.
    ForCommand(Vec<u8>),
    /// The keys were among it; this came before.
    Detach(Vec<u8>),
}

impl Typed {
    pub fn new(DetachKeys(keys): DetachKeys) -> Self {
        Self { keys, pressed: 0, since: Instant::now() }
    }

    /// Takes what was typed.
    pub fn take(&mut self, typed: &[u8]) -> Meant {
        let mut passed = Vec::new();
        for &byte in typed {
            if self.keys.get(self.pressed) == Some(&byte) {
                self.pressed += 1;
                self.since = Instant::now();
                if self.pressed == self.keys.len() {
                    return Meant::Detach(passed);
                }
                continue;
            }
            passed.extend(self.let_go());
            if self.keys.first() == Some(&byte) {
                self.pressed = 1;
                self.since = Instant::now();
            } else {
                passed.push(byte);
            }
        }
        Meant::ForCommand(passed)
    }

    /// How long until what is held back is the command's; `None` if nothing is.
    pub fn patience(&self) -> Option<Duration> {
        (self.pressed > 0).then(|| PATIENCE.saturating_sub(self.since.elapsed()))
    }

    /// What was held back, and is the command's after all.
    pub fn let_go(&mut self) -> Vec<u8> {
        let held = self.keys[..self.pressed].to_vec();
        self.pressed = 0;
        held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(bytes: &[u8]) -> Meant {
        Meant::ForCommand(bytes.to_vec())
    }

    #[test]
    fn keys_are_read_as_docker_writes_them() {
        assert_eq!("ctrl-p,ctrl-q".parse(), Ok(DetachKeys::default()));
        assert_eq!("ctrl-a,d".parse(), Ok(DetachKeys(vec![1, b'd'])));
        assert_eq!("ctrl-@,ctrl-\\".parse(), Ok(DetachKeys(vec![0, 0x1c])));
        assert_eq!(String::new().parse(), Ok(DetachKeys(Vec::new())));
        for words in ["ctrl-", "ctrl-P", "ctrl-ab", "shift-a", "a,,b", ",", "é"] {
            words.parse::<DetachKeys>().expect_err(words);
        }
    }

    #[test]
    fn a_part_of_the_keys_is_the_commands() {
        let mut typed = Typed::new(DetachKeys::default());
        assert_eq!(typed.take(b"ab\x10"), command(b"ab"));
        assert_eq!(typed.take(b"c"), command(b"\x10c"));
        assert_eq!(typed.take(b"\x10\x10"), command(b"\x10"));
        assert!(typed.patience().is_some());
        assert_eq!(typed.let_go(), b"\x10");
        assert_eq!(typed.patience(), None);
        // The first of them has gone its way: the second alone is no sequence.
        assert_eq!(typed.take(b"\x11"), command(b"\x11"));
    }

    #[test]
    fn all_of_them_detach_and_what_came_before_still_arrives() {
        let mut typed = Typed::new(DetachKeys::default());
        assert_eq!(typed.take(b"exit\x10"), command(b"exit"));
        assert_eq!(typed.take(b"\x11late"), Meant::Detach(Vec::new()));
        let mut none = Typed::new(DetachKeys(Vec::new()));
        assert_eq!(none.take(b"\x10\x11"), command(b"\x10\x11"));
    }
}
