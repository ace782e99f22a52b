//! What the monitor and those who are attached say to each other.
//!
//! The socket keeps messages apart (SOCK_SEQPACKET, unix(7)), so a frame is a letter and what
//! belongs to it, and has no length:
//!
//! ```text
//!   client                                    monitor
//!     ├── h 1, feeds ───────────────────────────▶│
//!     ├── s rows columns ───────────────────────▶│
//!     │◀────────────────── H 1, terminal, input ─┤
//!     │◀──────────────────────────────── o bytes ┤ standard output
//!     │◀──────────────────────────────── e bytes ┤ standard error
//!     ├── i bytes ──────────────────────────────▶│ standard input
//!     ├── z ────────────────────────────────────▶│ its end
//!     ├── l ────────────────────────────────────▶│ leaves: the container shall go on
//!     │◀───────────────────────────────── x how ─┤ it has ended, in JSON
//!     │◀───────────────────────────────────── d ─┤ dropped: the client does not keep up
//! ```
//!
//! Each side begins with its version, and hears of the other's before anything else. What makes
//! no sense is no frame, and whoever says it is not listened to any more.

use super::streams::PIECE;
use crate::Ending;

/// The version that we speak.
pub(super) const VERSION: u8 = 1;

/// The longest frame.
pub(super) const LONGEST: usize = PIECE + 1;

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// Its version, and whether it will feed the command.
    Hello { version: u8, feeds: bool },
    /// The size of its window.
    Size { rows: u16, columns: u16 },
    /// For the command to read.
    Input(Vec<u8>),
    /// There is no more.
    EndOfInput,
    /// It goes, and the command stays.
    Leave,
}

/// What the monitor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Its version, whether the command has a terminal, and whether it can be written to.
    Hello { version: u8, tty: bool, input: bool },
    /// Standard output.
    Out(Vec<u8>),
    /// Standard error.
    Err(Vec<u8>),
    /// The command has ended.
    Ended(Ending),
    /// There was more to read than the client has read.
    Dropped,
}

impl Request {
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello { version, feeds } => vec![b'h', *version, u8::from(*feeds)],
            Self::Size { rows, columns } => {
                [&b"s"[..], &rows.to_be_bytes(), &columns.to_be_bytes()].concat()
            }
            Self::Input(bytes) => [b"i", &**bytes].concat(),
            Self::EndOfInput => vec![b'z'],
            Self::Leave => vec![b'l'],
        }
    }

    pub fn decode(frame: &[u8]) -> Option<Self> {
        match *frame {
            // A later version may say more here; that it is one is all we need to know.
            [b'h', version, feeds, ..] => Some(Self::Hello { version, feeds: feeds != 0 }),
            [b's', r1, r2, c1, c2] => {
                let (rows, columns) = (u16::from_be_bytes([r1, r2]), u16::from_be_bytes([c1, c2]));
                Some(Self::Size { rows, columns })
            }
            [b'i', ref bytes @ ..] => Some(Self::Input(bytes.to_vec())),
            [b'z'] => Some(Self::EndOfInput),
            [b'l'] => Some(Self::Leave),
            _ => None,
        }
    }
}

impl Reply {
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Hello { version, tty, input } => {
                vec![b'H', *version, u8::from(*tty), u8::from(*input)]
            }
            Self::Out(bytes) => [b"o", &**bytes].concat(),
            Self::Err(bytes) => [b"e", &**bytes].concat(),
            Self::Ended(ending) => {
                [b"x".to_vec(), serde_json::to_vec(ending).unwrap_or_default()].concat()
            }
            Self::Dropped => vec![b'd'],
        }
    }

    pub fn decode(frame: &[u8]) -> Option<Self> {
        match *frame {
            [b'H', version, tty, input, ..] => {
                Some(Self::Hello { version, tty: tty != 0, input: input != 0 })
            }
            [b'o', ref bytes @ ..] => Some(Self::Out(bytes.to_vec())),
            [b'e', ref bytes @ ..] => Some(Self::Err(bytes.to_vec())),
            [b'x', ref ending @ ..] => serde_json::from_slice(ending).ok().map(Self::Ended),
            [b'd'] => Some(Self::Dropped),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let requests = [
            Request::Hello { version: 1, feeds: true },
            Request::Size { rows: 24, columns: 300 },
            Request::Input(b"\0\xff".to_vec()),
            Request::EndOfInput,
            Request::Leave,
        ];
        for request in requests {
            assert_eq!(Request::decode(&request.encode()), Some(request));
        }
        let replies = [
            Reply::Hello { version: 1, tty: true, input: false },
            Reply::Out(Vec::new()),
            Reply::Err(b"\xff".to_vec()),
            Reply::Ended(Ending::of_code(137)),
            Reply::Dropped,
        ];
        for reply in replies {
            assert_eq!(Reply::decode(&reply.encode()), Some(reply));
        }
    }

    #[test]
    fn what_makes_no_sense_is_no_frame() {
        for frame in [&b""[..], b"h", b"h\x01", b"s\0\0\0", b"s\0\0\0\0\0", b"zz", b"?", b"\xff"] {
            assert_eq!(Request::decode(frame), None, "{frame:?}");
        }
        for frame in [&b""[..], b"H\x01\0", b"x", b"x\0\0", b"dd", b"h\x01\0"] {
            assert_eq!(Reply::decode(frame), None, "{frame:?}");
        }
        for first in 0..=u8::MAX {
            for length in 0..8 {
                let frame = [&[first][..], &vec![first; length]].concat();
                let _ = (Request::decode(&frame), Reply::decode(&frame));
            }
        }
    }
}
