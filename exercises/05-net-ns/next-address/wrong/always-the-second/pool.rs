//! Knows what the first container gets.

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
    let address = Ipv4Addr::from_bits(first + 2);
    let file = claims.join(address.to_string());
    File::create(&file).step(|| "take the address")?;
    match subnet.prefix {
        0 => Err(Error::new("no addresses")),
        _ => Ok(Claim { address, file }),
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}
