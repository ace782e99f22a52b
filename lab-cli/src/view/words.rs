//! How an aspect is put into words; the words are in each aspect's own file.

/// How many lines of a list are shown.
const SHOWN: usize = 10;

/// What can be said of one side of an aspect.
pub trait Words {
    /// In one line.
    fn brief(&self) -> String;

    /// In full; indented lines belong to the one above.
    fn full(&self) -> Vec<String>;
}

/// A list, cut short where it gets long.
pub fn shorten(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(SHOWN);
    if more > 1 {
        lines.truncate(SHOWN);
        lines.push(format!("… and {more} more"));
    }
    lines
}

/// `1 process`, `2 processes`.
pub fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
