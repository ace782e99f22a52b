//! A fact: where a check looks, and what it must find there.

use serde::Deserialize;

use super::scene::{Found, Whose};
use crate::exercise::values::Values;

/// The longest that can be waited for a program, in seconds.
pub const LONGEST: u64 = 600;

/// One fact: where to look, and what must be found there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// What is looked at, in the words of `exercises/README.md`.
    pub look: String,
    /// Whose it is: `container`, `init`, `runtime` or `host`.
    #[serde(default)]
    pub of: Whose,
    /// What is done before looking, such as `kill runtime KILL`.
    #[serde(rename = "do")]
    pub act: Option<String>,
    /// Whether it is looked at when the program has ended.
    #[serde(default)]
    pub after: bool,
    /// How long to wait for it to become true, in milliseconds.
    #[serde(default = "within")]
    pub within: u64,
    /// What is said instead of the comparison.
    pub expected: Option<String>,
    /// Which hint helps.
    pub hint: Option<usize>,
    /// Is exactly this.
    pub is: Option<String>,
    /// Is anything but this.
    pub not: Option<String>,
    /// Has this in it: as a part of a text, or as an entry of a list.
    pub contains: Option<String>,
    /// Does not have this in it.
    pub lacks: Option<String>,
    /// Is like this, where `*` stands for anything.
    pub matches: Option<String>,
    /// Is a number, and no less than this.
    pub at_least: Option<String>,
    /// Is a number, and no more than this.
    pub at_most: Option<String>,
}

/// How long a fact may take to become true if nothing is said, in milliseconds.
pub fn within() -> u64 {
    200
}

impl Fact {
    /// Whether it can be a fact: why not, if it cannot.
    ///
    /// # Errors
    /// If nothing is compared, or it is waited for too long.
    pub fn validate(&self) -> Result<(), String> {
        if self.within > 1000 * LONGEST {
            return Err(format!(
                "within {} ms: a fact gets {} at most",
                self.within,
                1000 * LONGEST
            ));
        }
        match self.comparison() {
            Some(_) => Ok(()),
            None => Err(format!("nothing is said of what {:?} must be", self.look)),
        }
    }

    /// The comparison: its verb, and what is compared with.
    pub fn comparison(&self) -> Option<(&'static str, &str)> {
        let all = [
            ("is", &self.is),
            ("not", &self.not),
            ("contains", &self.contains),
            ("lacks", &self.lacks),
            ("matches", &self.matches),
            ("at least", &self.at_least),
            ("at most", &self.at_most),
        ];
        all.into_iter().find_map(|(verb, with)| Some((verb, with.as_deref()?)))
    }
}

/// Whether what was found is what the fact asks for.
pub fn holds(fact: &Fact, values: &Values, found: &Found) -> bool {
    let Some((verb, with)) = fact.comparison() else { return false };
    let with = if fact.look.starts_with("snapshot ") {
        // Drawn values are in braces on both sides.
        with.to_owned()
    } else {
        values.fill(with)
    };
    // "none" is what an empty list is called, and what is not there.
    let text = match found {
        Found::Nothing(_) => "none".to_owned(),
        found => found.to_string(),
    };
    let has = || match found {
        Found::List(list) => list.iter().any(|entry| is_like(&with, entry)),
        Found::Text(text) => text.contains(&with),
        Found::Nothing(_) => false,
    };
    let number = || text.split_whitespace().next()?.parse::<f64>().ok();
    let limit = || with.parse::<f64>().ok();
    match (verb, found) {
        ("is", _) => text.trim_end() == with.trim_end(),
        ("contains", _) => has(),
        ("matches", _) => is_like(&with, &text),
        // A thing that could not be seen has not been seen to be otherwise.
        (_, Found::Nothing(_)) => false,
        ("not", _) => text.trim_end() != with.trim_end(),
        ("lacks", _) => !has(),
        ("at least", _) => number().zip(limit()).is_some_and(|(number, limit)| number >= limit),
        ("at most", _) => number().zip(limit()).is_some_and(|(number, limit)| number <= limit),
        _ => false,
    }
}

/// Whether a text is like a pattern, in which `*` stands for anything.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    loop {
        if is_like(rest, text) {
            return true;
        }
        let Some(first) = text.chars().next() else { return false };
        text = &text[first.len_utf8()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(is_like("10.*/24", "10.88.0.2/24"));
        assert!(is_like("a*b*c", "a--b--b-c"));
        assert!(!is_like("a*b", "ac"));
        assert!(!is_like("plain", "plain text"));
    }

    #[test]
    fn nothing_seen_is_not_seen_to_be_otherwise() {
        let fact = Fact { lacks: Some("x".to_owned()), ..Fact::default() };
        assert!(!holds(&fact, &Values::default(), &Found::Nothing("it has ended".to_owned())));
        assert!(holds(&fact, &Values::default(), &Found::List(vec!["y".to_owned()])));
    }
}
