//! Words of strangers, made harmless for a terminal.
//!
//! A file, a process or a host may be called by any bytes: by the escape sequence that makes
//! a terminal retitle its window or type a command, or by a line feed and another line
//! that looks like ours. So what is shown to people goes through here.

/// The text in one line, with a `?` for each character that a terminal would not print.
pub fn printable(text: &str) -> String {
    text.chars().map(|char| if is_harmful(char) { '?' } else { char }).collect()
}

/// The control characters, old (ESC) and new (CSI in one), the separators that some
/// programs take for a line's end, and those that turn the direction of writing.
fn is_harmful(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(char, '\u{2066}'..='\u{2069}' | '\u{feff}')
}
