//! What a container has said, kept in a file: Docker's `json-file`, a line each.
//!
//! ```text
//!   {"log":"hello\n","stream":"stdout","time":"2026-11-29T21:05:00.000000000Z"}
//! ```
//!
//! - A line without an end is written when the container ends, and one that is too long in pieces:
//!   only the last of them has the newline.
//! - JSON can say text only: each byte that is none becomes U+FFFD.
//! - A container that talks for ever must not fill the disk. At 10 MiB, `log` becomes `log.1`, and
//!   `log.1` becomes `log.2`; what was `log.2` is gone.
//! - A disk can be full all the same. The container does not have to care: then lines are lost, and
//!   the next one that is written says how many.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::log_options::LogOptions;
use super::streams::Stream;
use super::time::Moment;

/// The longest line that is kept whole, in bytes; Docker's value.
const LONGEST: usize = 16 << 10;

/// A line of the log.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Line {
    pub log: String,
    pub stream: String,
    pub time: String,
}

/// The log of a container that runs.
#[derive(Debug)]
pub(super) struct Log {
    /// Where it is, and those before it.
    path: PathBuf,
    options: LogOptions,
    file: Option<File>,
    size: u64,
    /// What has no end yet, of each stream.
    begun: [Vec<u8>; 2],
    lost: u64,
}

impl Log {
    /// The log in this directory, which need not be there yet.
    pub fn new(dir: &Path, options: LogOptions) -> Self {
        let (path, begun) = (dir.join("log"), [Vec::new(), Vec::new()]);
        Self { path, options, file: None, size: 0, begun, lost: 0 }
    }

    // ANCHOR: write
    /// Takes what a stream has said.
    pub fn write(&mut self, stream: Stream, said: &[u8]) {
        let mut begun = std::mem::take(&mut self.begun[stream as usize]);
        begun.extend_from_slice(said);
        let (mut from, mut lines, time) = (0, Vec::new(), Moment::now().written());
        while let Some(length) = complete(&begun[from..]) {
            lines.push(line(stream, &time, &begun[from..from + length]));
            from += length;
        }
        begun.drain(..from);
        self.begun[stream as usize] = begun;
        self.keep(&lines);
    }
    // ANCHOR_END: write

    /// Writes what has no end, and will have none.
    pub fn end(&mut self) {
        for stream in [Stream::Out, Stream::Err] {
            let begun = std::mem::take(&mut self.begun[stream as usize]);
            if !begun.is_empty() {
                // As Docker does: whatever comes next is another line.
                let whole = [&*begun, b"\n"].concat();
                self.keep(&[line(stream, &Moment::now().written(), &whole)]);
            }
        }
    }

    /// How many lines could not be written, and nobody has been told.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Writes lines: as many at once as there is room for, and one more.
    fn keep(&mut self, lines: &[Vec<u8>]) {
        let mut rest = lines;
        while !rest.is_empty() {
            let room = self.options.max_size.map(|most| most.saturating_sub(self.size));
            let mut length = 0;
            let is_too_much = |line: &Vec<u8>| {
                let is_full = length > 0 && room.is_some_and(|room| length >= room);
                length += line.len() as u64;
                is_full
            };
            let count = rest.iter().position(is_too_much).unwrap_or(rest.len());
            let (now, later) = rest.split_at(count);
            self.keep_or_lose(&now.concat(), count as u64);
            rest = later;
        }
    }

    fn keep_or_lose(&mut self, lines: &[u8], count: u64) {
        if self.lost > 0 {
            let news = format!("lab: not written before this line: {}\n", self.lost);
            let news = line(Stream::Err, &Moment::now().written(), news.as_bytes());
            if self.append(&news).is_ok() {
                self.lost = 0;
            }
        }
        if self.lost > 0 || self.append(lines).is_err() {
            self.lost += count;
        }
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.file.is_none() {
            let mut options = File::options();
            options.create(true).append(true).mode(0o600);
            // Not even if somebody has put a pipe there does it make us wait.
            let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
            let file = options.custom_flags(flags).open(&self.path)?;
            self.size = file.metadata()?.len();
            self.file = Some(file);
        }
        if self.options.max_size.is_some_and(|most| self.size >= most) {
            self.rotate()?;
            return self.append(lines);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        match file.write_all(lines) {
            Ok(()) => self.size += lines.len() as u64,
            Err(error) => {
                // Half a line would make the next one unreadable as well.
                let _ = file.set_len(self.size);
                return Err(error);
            }
        }
        Ok(())
    }

    // ANCHOR: rotate
    /// Makes room: whoever reads it has the old file open, and reads that to its end.
    fn rotate(&mut self) -> io::Result<()> {
        let numbered = |number| numbered(&self.path, number);
        for number in (1..self.options.max_file).rev() {
            match fs::rename(numbered(number - 1), numbered(number)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if self.options.max_file <= 1 {
            fs::remove_file(&self.path)?;
        }
        self.file = None;
        Ok(())
    }
    // ANCHOR_END: rotate
}

/// `log`, `log.1`, `log.2`
pub(super) fn numbered(log: &Path, number: u32) -> PathBuf {
    match number {
        0 => log.to_owned(),
        _ => log.with_extension(number.to_string()),
    }
}

/// How long the first line is, or the first piece of one; `None` if it has no end yet.
fn complete(said: &[u8]) -> Option<usize> {
    match said.iter().take(LONGEST + 1).position(|&byte| byte == b'\n') {
        Some(end) => Some(end + 1),
        None => (said.len() > LONGEST).then(|| whole_text(said).len()),
    }
}

/// As much of a line that is too long as one piece takes, and no half of a character.
fn whole_text(line: &[u8]) -> &[u8] {
    let piece = &line[..line.len().min(LONGEST)];
    let is_boundary = |at: &usize| line.get(*at).is_none_or(|byte| byte & 0xc0 != 0x80);
    let end = (0..4).filter_map(|back| piece.len().checked_sub(back)).find(is_boundary);
    &piece[..end.unwrap_or(piece.len())]
}

/// A line of the file.
fn line(stream: Stream, time: &str, said: &[u8]) -> Vec<u8> {
    let stream = match stream {
        Stream::Out => "stdout",
        Stream::Err => "stderr",
    };
    let line = Line { log: text(said), stream: stream.to_owned(), time: time.to_owned() };
    let mut line = serde_json::to_vec(&line).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Each byte that is no text is replaced, and not each run of them: Go does it so.
fn text(bytes: &[u8]) -> String {
    bytes.utf8_chunks().fold(String::with_capacity(bytes.len()), |mut text, chunk| {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_text_are_replaced_one_by_one() {
        assert_eq!(text(b"caf\xe9 \xe2\x82"), "caf\u{fffd} \u{fffd}\u{fffd}");
    }

    #[test]
    fn a_piece_of_a_long_line_ends_with_a_whole_character() {
        let line = ["a".repeat(LONGEST - 1), "é".repeat(9)].concat();
        assert_eq!(whole_text(line.as_bytes()).len(), LONGEST - 1);
        assert_eq!(whole_text(&vec![b'a'; 2 * LONGEST]).len(), LONGEST);
        assert_eq!(whole_text(&vec![0x80; 2 * LONGEST]).len(), LONGEST);
    }
}
