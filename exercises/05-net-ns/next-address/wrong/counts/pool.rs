//! Counts the files, and takes the next number: somebody below may have gone.

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
    let taken = fs::read_dir(claims).step(|| "list the claims")?.count() as u32;
    let address = Ipv4Addr::from_bits(first + 2 + taken);
    let file = claims.join(address.to_string());
    File::create_new(&file).step(|| "take the address")?;
    if taken < (u32::MAX >> subnet.prefix) - 2 {
        Ok(Claim { address, file })
    } else {
        Err(Error::new("all addresses are taken"))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}
