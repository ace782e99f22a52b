//! A busy host.

/// After so many questions about it, the number belongs to another process.
pub const QUESTIONS: u32 = 1;
