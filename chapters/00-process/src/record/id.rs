//! What a container is called by: nobody else has its number, and nobody can guess it.

use std::fs::File;
use std::io::Read;

use crate::{Result, Step};

/// Whether it is twelve hexadecimal digits.
pub(super) fn is_id(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// 64 random hexadecimal digits, of which people see the first twelve.
///
/// Those are the host name as well, and are never a number: the C library would take it for
/// an address, inet_aton(3), and not look into /etc/hosts.
pub(super) fn random() -> Result<String> {
    let step = || "read /dev/urandom";
    let mut random = File::open("/dev/urandom").step(step)?;
    loop {
        let mut bytes = [0; 32];
        random.read_exact(&mut bytes).step(step)?;
        let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        if !id.bytes().take(12).all(|digit| digit.is_ascii_digit()) {
            return Ok(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One in 282 would be.
    #[test]
    fn no_host_name_is_a_number() {
        for _ in 0..5000 {
            let id = random().expect("random digits");
            assert!(is_id(&id[..12]) && id[..12].parse::<u64>().is_err(), "{id}");
        }
    }
}
