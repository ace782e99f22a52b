//! The ends of lines, which an editor or git's `autocrlf` may have changed.
//!
//! A shell takes the carriage return of a CRLF for a part of the last word, and the mark at the
//! beginning of a file (BOM) for a part of the first. Neither was meant by anybody.

/// What UTF-8 files of some editors begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text as its author sees it: lines that end with LF, and no byte order mark.
pub fn plain(bytes: &[u8]) -> Vec<u8> {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let is_carriage = |at: usize| text[at] == b'\r' && text.get(at + 1) == Some(&b'\n');
    (0..text.len()).filter(|at| !is_carriage(*at)).map(|at| text[at]).collect()
}
