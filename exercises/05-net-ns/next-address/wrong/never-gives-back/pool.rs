//! Takes, and never gives back.

use std::fs::{self, File};
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

pub fn take(claims: &Path, subnet: Subnet) -> Result<Claim> {
    fs::create_dir_all(claims).step(|| "create the directory")?;
    let first = subnet.network.to_bits();
    for address in (first + 2..first | (u32::MAX >> subnet.prefix)).map(Ipv4Addr::from_bits) {
        let file = claims.join(address.to_string());
        if File::create_new(&file).is_ok() {
            return Ok(Claim { address, file });
        }
    }
    Err(Error::new("all addresses are taken"))
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _ = &self.file;
    }
}
