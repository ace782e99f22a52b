//! Names, sizes and ports that nobody can know before: drawn anew for every check.
//!
//! A program that prints what the check expected last time prints something else this
//! time. With `--seed` the same are drawn again, so that a grade can be repeated.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use process::{Error, Result, Step};
use serde::Deserialize;

use super::fingerprint;
use super::sandbox::plan::IMAGE;

/// A source of numbers: small, fast, the same for the same seed everywhere (SplitMix64).
#[derive(Clone, Debug)]
pub struct Generator(u64);

impl Generator {
    /// From a seed, for one purpose: different ones get different numbers.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let mut generator = Self(seed ^ fingerprint::of(purpose.as_bytes()));
        // Neighbouring seeds are not to begin alike.
        generator.next();
        generator
    }

    /// A number from `first` to `last`.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        match last.saturating_sub(first).checked_add(1) {
            Some(count) => first + self.next() % count,
            // Every number there is.
            None => self.next(),
        }
    }

    /// One of these; `None` if there are none.
    fn one_of<'a, T>(&mut self, these: &'a [T]) -> Option<&'a T> {
        let last = these.len().checked_sub(1)?;
        let at = self.between(0, last.try_into().ok()?);
        these.get(usize::try_from(at).ok()?)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// The largest seed: TOML's integers have a sign.
pub const LARGEST_SEED: u64 = i64::MAX as u64;

/// A seed that nobody knows.
///
/// # Errors
/// If the kernel has no random bytes to read.
pub fn random_seed() -> Result<u64> {
    let mut bytes = [0; 8];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .step(|| "read /dev/urandom")?;
    Ok(u64::from_ne_bytes(bytes) & LARGEST_SEED)
}

/// What kind of value is to be drawn.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Draw {
    /// `"name"`, `"port"`, `"code"` or `"id"`.
    Kind(String),
    /// `{ number = [first, last] }`
    Number {
        /// The least and the greatest.
        number: [u64; 2],
    },
    /// `{ bytes = [first, last], unit = "MiB" }`: as many units; `{size.bytes}` in bytes.
    Bytes {
        /// The least and the greatest, in units.
        bytes: [u64; 2],
        /// `KiB` or `MiB`.
        unit: Unit,
    },
    /// `{ one_of = ["a", "b"] }`
    OneOf {
        /// From which one is drawn.
        one_of: Vec<String>,
    },
}

/// A unit of sizes.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Unit {
    /// 1024 bytes.
    KiB,
    /// 1024 KiB.
    MiB,
}

/// Drawn values, by the name that stands in braces for them.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, String>);

/// The parts of names: of one length, so that two never differ by that alone.
const SYLLABLES: [&str; 16] = [
    "ba", "ce", "di", "fo", "gu", "ha", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "we",
];

impl Values {
    /// Draws all that are asked for.
    ///
    /// # Errors
    /// If a kind is not known.
    pub fn draw(wanted: &BTreeMap<String, Draw>, generator: &mut Generator) -> Result<Self> {
        let mut values = Self::default();
        // A number of seconds longer than any check, and not seen anywhere else.
        values.set("forever", generator.between(10_000_000, 99_999_999).to_string());
        values.set("image", IMAGE);
        for (name, draw) in wanted {
            match draw {
                Draw::Kind(kind) => values.set(name, of_kind(kind, generator)?),
                Draw::Number { number: [first, last] } => {
                    values.set(name, generator.between(*first, *last.max(first)).to_string());
                }
                Draw::Bytes { bytes: [first, last], unit } => {
                    let units = generator.between(*first, *last.max(first));
                    let shift = if matches!(unit, Unit::KiB) { 10 } else { 20 };
                    values.set(name, units.to_string());
                    let bytes = units.checked_mul(1 << shift).ok_or_else(|| {
                        Error::new(format!("the value {name}: {units} of that unit are too many"))
                    })?;
                    values.set(&format!("{name}.bytes"), bytes.to_string());
                }
                Draw::OneOf { one_of } => {
                    values.set(name, generator.one_of(one_of).cloned().unwrap_or_default());
                }
            }
        }
        Ok(values)
    }

    /// Sets one more.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// One of them.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether all that was asked for was drawn alike.
    pub fn are_like(&self, other: &Self) -> bool {
        let asked = |values: &Self| {
            let mut values = values.0.clone();
            values.remove("forever");
            values
        };
        asked(self) == asked(other)
    }

    /// Puts the values where their names stand in braces. Other braces stay, as of a
    /// shell's `${…}`.
    pub fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    }

    /// The same of several words.
    pub fn fill_each(&self, words: &[String]) -> Vec<String> {
        words.iter().map(|word| self.fill(word)).collect()
    }

    /// A name that stands in braces, and is none of these. A shell's `${…}` is no such thing.
    pub fn missing_in<'a>(&self, text: &'a str) -> Option<&'a str> {
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c))
        };
        text.match_indices('{').find_map(|(at, _)| {
            let name = text[at + 1..].split('}').next()?;
            let is_shell = text[..at].ends_with('$');
            (!is_shell && is_name(name) && self.get(name).is_none()).then_some(name)
        })
    }

    /// Puts names in braces where the values stand: what a program prints becomes the
    /// same every time.
    pub fn blank(&self, text: &str) -> String {
        let mut values: Vec<_> = self.0.iter().filter(|(_, value)| value.len() > 2).collect();
        // The longest first: one value may be a part of another one.
        values.sort_by_key(|(_, value)| std::cmp::Reverse(value.len()));
        values.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(value.as_str(), &format!("{{{name}}}"))
        })
    }
}

fn of_kind(kind: &str, generator: &mut Generator) -> Result<String> {
    Ok(match kind {
        "name" => {
            let mut syllable = || *generator.one_of(&SYLLABLES).unwrap_or(&"");
            [syllable(), syllable(), syllable(), syllable()].concat()
        }
        "port" => generator.between(20_000, 29_999).to_string(),
        "code" => generator.between(3, 120).to_string(),
        "id" => generator.between(1_000, 60_000).to_string(),
        other => {
            return Err(Error::new(format!("no value is of the kind {other:?}"))
                .with_hint("name, port, code, id, or a table with number, bytes or one_of"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_was_not_drawn_is_found() {
        let mut values = Values::default();
        values.set("host", "x");
        assert_eq!(values.missing_in("{host} ${HOME} ${home} {number = [1, 2]} {}"), None);
        assert_eq!(values.missing_in("{host} {hots}"), Some("hots"));
    }

    #[test]
    fn a_seed_draws_the_same_again_and_another_one_others() {
        let wanted = [("host".to_owned(), Draw::Kind("name".to_owned()))].into();
        let draw = |seed| {
            let values = Values::draw(&wanted, &mut Generator::new(seed, "pivot")).unwrap();
            values.fill("{host} ${other}")
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(draw(1).ends_with(" ${other}"));
    }
}
