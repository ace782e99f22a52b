//! Which address a container gets, and which are taken.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use process::{Error, Result, Step};

use crate::subnet::Subnet;

/// An address that is taken, as long as this value lives.
#[derive(Debug)]
pub struct Claim {
    /// The address.
    pub address: Ipv4Addr,
    /// The file that says so.
    file: PathBuf,
}

/// Takes the lowest address of `subnet` that nobody has.
pub fn take(claims: &Path, subnet: Subnet) -> Result<Claim> {
    fs::create_dir_all(claims).step(|| format!("create {}", claims.display()))?;
    let first = subnet.network.to_bits();
    let last = first | (u32::MAX >> subnet.prefix);
    for address in (first + 2..last).map(Ipv4Addr::from_bits) {
        let file = claims.join(address.to_string());
        // Looking and taking are one call: between two, somebody else could come.
        match File::create_new(&file) {
            Ok(_) => return Ok(Claim { address, file }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).step(|| format!("create {}", file.display())),
        }
    }
    Err(Error::new(format!("all addresses of {}/{} are taken", subnet.network, subnet.prefix)))
}

impl Drop for Claim {
    /// Gives the address back.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}
