//! Text that a container may have chosen, made harmless once and for all.
//!
//! A process names itself, a mount point can have a line feed in it, and a host name
//! may hold the escape sequence that makes a terminal retitle its window or type a
//! command. So nothing read about a container becomes a `String` here: it becomes a
//! [`Text`], and there is no way to make one with a control character in it.

use process::printable;
use serde::{Deserialize, Serialize};

/// Text without control characters: each is replaced by a `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String")]
pub struct Text(String);

impl Text {
    /// From bytes as the kernel has them, which need not be UTF-8.
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Self {
        Self::from(String::from_utf8_lossy(bytes.as_ref()).into_owned())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(printable(&text))
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_escape_sequence_does_not_survive() {
        assert_eq!(Text::from_bytes(b"\x1b[31mred\x1b[0m\n").as_str(), "?[31mred?[0m?");
        assert_eq!(Text::from("a\u{9b}31m\u{202e}b").as_str(), "a?31m?b");
        assert_eq!(Text::from("bücher 箱").as_str(), "bücher 箱");
    }

    #[test]
    fn it_does_not_survive_a_pipe_either() {
        let text: Text = serde_json::from_str(r#""\u001b[31m""#).unwrap_or_default();
        assert_eq!(text.as_str(), "?[31m");
    }
}
