//! An answer: the files that a learner has written.
//!
//! An editor or git's `autocrlf` may have changed the ends of its lines. A shell takes the
//! carriage return of a CRLF for a part of the last word, and the mark at the beginning of a
//! file (BOM) for a part of the first. Nobody meant either.

use process::Result;

use super::check::Check;
use super::exercise::Exercise;
use super::files::Files;
use crate::exercise::values::{Generator, Values};

/// The learner's files.
pub type Answer = Files;

/// The largest file of an answer, in bytes.
pub const LARGEST: u64 = 256 * 1024;

/// What UTF-8 files of some editors begin with.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A text as its author sees it: lines that end with LF, and no byte order mark.
pub fn plain(bytes: &[u8]) -> Vec<u8> {
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    let is_carriage = |at: usize| text[at] == b'\r' && text.get(at + 1) == Some(&b'\n');
    (0..text.len()).filter(|at| !is_carriage(*at)).map(|at| text[at]).collect()
}

/// Fills in the parameters of a prediction; programs have none.
///
/// # Errors
/// If the exercise's check cannot be read.
pub fn fill(exercise: &Exercise, mut files: Answer, seed: u64) -> Result<Answer> {
    if exercise.about.kind.is_program() {
        return Ok(files);
    }
    let check = Check::read(exercise, None)?;
    let values = Values::draw(&check.values, &mut Generator::new(seed, &exercise.name))?;
    for bytes in files.values_mut() {
        *bytes = values.fill(&String::from_utf8_lossy(bytes)).into_bytes();
    }
    Ok(files)
}
