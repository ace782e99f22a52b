//! The container's names: `sethostname(2)`, and the files that go with them.
//!
//! The kernel keeps two names in a UTS namespace (after "UNIX time-sharing", the
//! struct of uname(2)). To the C library they are only half of the story: it looks
//! names up in /etc/hosts, and programs read /etc/hostname.

use std::ffi::OsStr;
use std::net::Ipv4Addr;

use nix::unistd;
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use crate::{EtcFile, sys};

/// The longest host name, in bytes: `HOST_NAME_MAX` of sethostname(2).
const MAX_NAME: usize = 64;

/// The command-line options of chapter 4.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 04: its own names")]
pub struct NameOptions {
    /// Host name of the container [default: its id]
    #[arg(long, value_name = "NAME")]
    pub hostname: Option<String>,

    /// Domain name of the container
    #[arg(long, value_name = "NAME")]
    pub domainname: Option<String>,
}

impl NameOptions {
    /// The names that were asked for, or the container's id.
    ///
    /// # Errors
    /// If a name is one that the kernel would refuse.
    pub fn resolve(&self, id: &str) -> Result<Names> {
        let hostname = self.hostname.as_deref().unwrap_or(id).to_owned();
        let names = Names { hostname, domainname: self.domainname.clone() };
        for name in std::iter::once(&names.hostname).chain(&names.domainname) {
            if name.is_empty() || name.len() > MAX_NAME {
                return Err(Error::new(format!("`{name}` is no host name"))
                    .with_hint(format!("it must have 1 to {MAX_NAME} bytes")));
            }
        }
        Ok(names)
    }
}

/// The names of one container.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Names {
    /// The name of this host, as it were; 1 to 64 bytes.
    pub hostname: String,
    /// What follows it after a dot.
    pub domainname: Option<String>,
}

impl Names {
    // ANCHOR: set
    /// Gives the names to the UTS namespace this process is in.
    pub fn set(&self) -> Result<()> {
        unistd::sethostname(&self.hostname)
            .step(|| format!("set the host name {}", self.hostname))?;
        match &self.domainname {
            Some(name) => sys::set_domain_name(OsStr::new(name))
                .step(|| format!("set the domain name {name}")),
            None => Ok(()),
        }
    }
    // ANCHOR_END: set

    /// What /etc says of them: hostname(5), and hosts(5) with the address at which the
    /// container can be reached, once it has one.
    pub fn etc_files(&self, address: Option<Ipv4Addr>) -> Vec<EtcFile> {
        let Self { hostname, domainname } = self;
        let names = match domainname {
            Some(domain) => format!("{hostname}.{domain} {hostname}"),
            None => hostname.clone(),
        };
        // Where Debian has the name of a host without an address.
        let address = address.unwrap_or(Ipv4Addr::new(127, 0, 1, 1));
        let hosts =
            format!("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n{address}\t{names}\n");
        vec![("hostname", format!("{hostname}\n").into_bytes()), ("hosts", hosts.into_bytes())]
    }
}
