//! A short text, as it lies in memory that is read by a system call.

/// The bytes of a System V segment and of a message that we use.
pub(super) const SIZE: usize = 64;

/// The text before the first zero.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
