//! Which address a container gets, and which are taken.
//!
//! Runtimes do not know of each other. What they have in common is a directory on the host: an
//! address is taken if there is a file of that name in it, such as `10.1.2.7`.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use process::Result;

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
///
/// - The first address of a subnet is its own, the second one the gateway's, the last one
///   is for all at once (broadcast). No container ever gets one of these.
/// - Two runtimes that come at the same moment never get the same one.
/// - When all are taken, that is an error.
/// - `claims` may not exist yet. What others have written in there stays.
pub fn take(claims: &Path, subnet: Subnet) -> Result<Claim> {
    let _ = (claims, subnet.network);
    todo!()
}

impl Drop for Claim {
    /// Gives the address back.
    fn drop(&mut self) {
        let _ = (&self.file, self.address);
        todo!()
    }
}
