//! A number for a text, the same on every machine and with every compiler (FNV-1a).
//!
//! It tells whether a learner has changed a file, and makes a seed of a name. Nobody is
//! kept from finding two texts with one number.

/// The number.
pub fn of(bytes: &[u8]) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// The same as text.
pub fn text(bytes: &[u8]) -> String {
    format!("{:016x}", of(bytes))
}
