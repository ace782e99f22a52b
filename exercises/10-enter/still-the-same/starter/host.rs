//! A host that is not busy.

/// After so many questions about it, the number belongs to another process.
pub const QUESTIONS: u32 = u32::MAX;
