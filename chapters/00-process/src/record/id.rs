//! What a container is called by: nobody else has its number, and nobody can guess it.

use std::fs::File;
use std::io::Read;

use crate::{Result, Step};

/// Whether it is twelve hexadecimal digits.
pub(super) fn is_id(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 64 random hexadecimal digits, of which people see the first twelve.
pub(super) fn random() -> Result<String> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .step(|| "read /dev/urandom")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
