//! Fitting text into columns of a terminal: all that `lab` wraps is wrapped here.

use std::io::IsTerminal;

/// The width of a page that is not a terminal.
const PAGE: usize = 100;

/// How wide a page may be that is printed there. A terminal that nobody has sized says 0.
pub fn width(page: &impl IsTerminal) -> usize {
    let terminal = page.is_terminal().then(crossterm::terminal::size);
    match terminal {
        Some(Ok((columns, _))) if columns > 0 => columns.into(),
        _ => PAGE,
    }
}

/// How many columns of a terminal the text takes: CJK and emoji take two each.
pub fn columns(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

fn columns_of(char: char) -> usize {
    match char {
        '\u{0300}'..='\u{036f}' => 0, // combining accents
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' => 2,
        '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' => 2,
        '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// The text in exactly `width` columns, cut off with an ellipsis or filled with spaces.
pub fn fit(text: &str, width: usize) -> String {
    let mut fitted = text.to_owned();
    if columns(text) > width {
        fitted = head(text, width.saturating_sub(1)).to_owned() + "…";
    }
    fitted + &" ".repeat(width.saturating_sub(columns(text)))
}

/// What becomes of a word that is longer than a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Long {
    /// It has a line of its own, and is whole.
    Whole,
    /// It is broken anywhere, as a path is.
    Broken,
}

/// Words in lines of at most `width` columns.
pub fn lines<'a>(
    words: impl IntoIterator<Item = &'a str>,
    width: usize,
    long: Long,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if columns(line) + 1 + columns(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
        while long == Long::Broken
            && width > 1
            && let Some(line) = lines.last_mut()
            && columns(line) > width
        {
            let rest = line.split_off(head(line, width).len());
            lines.push(rest);
        }
    }
    lines
}

/// The text in lines of at most `width` columns, broken at spaces where there are
/// some; what follows the first line is indented by two more.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let indent = text.len() - text.trim_start().len() + 2;
    let mut lines = Vec::new();
    let mut rest = text.to_owned();
    while columns(&rest) > width {
        let line = head(&rest, width);
        let start = rest.len() - rest.trim_start().len();
        let at = line.rfind(' ').filter(|&at| at > start).unwrap_or(line.len());
        lines.push(rest[..at].to_owned());
        rest = " ".repeat(indent.min(width / 2)) + rest[at..].trim_start();
    }
    lines.push(rest);
    lines
}

/// As much of the text's beginning as fits.
fn head(text: &str, width: usize) -> &str {
    let mut left = width;
    let end = text.char_indices().find(|(_, char)| match left.checked_sub(columns_of(*char)) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    &text[..end.map_or(text.len(), |(at, _)| at)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_its_width_whatever_is_in_it() {
        for text in ["", "short", "much too long for it", "箱箱箱箱箱箱箱箱", "bücher"] {
            assert_eq!(columns(&fit(text, 9)), 9, "{text}");
        }
        assert_eq!(fit("much too long", 9), "much too…");
    }

    #[test]
    fn words_are_counted_by_the_columns_they_take() {
        assert_eq!(lines("a bb 箱箱 c".split(' '), 5, Long::Whole), ["a bb", "箱箱", "c"]);
        assert_eq!(lines("a /long/path b".split(' '), 5, Long::Whole), ["a", "/long/path", "b"]);
        let broken = lines("a /long/path b".split(' '), 5, Long::Broken);
        assert_eq!(broken, ["a", "/long", "/path", "b"]);
        assert!(lines("".split_whitespace(), 5, Long::Whole).is_empty());
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_anywhere() {
        assert_eq!(wrap("10.0.0.0/8 via 10.1.1.1", 16), ["10.0.0.0/8 via", "  10.1.1.1"]);
        assert_eq!(wrap("/a/very/long/path", 10), ["/a/very/lo", "  ng/path"]);
        assert_eq!(wrap("fits", 10), ["fits"]);
    }
}
