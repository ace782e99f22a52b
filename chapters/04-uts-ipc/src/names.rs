//! The container's names: `sethostname(2)`, and the files that go with them.
//!
//! The kernel keeps two names in a UTS namespace (after "UNIX time-sharing", the
//! struct of uname(2)). To the C library they are only half of the story: it looks
//! names up in /etc/hosts, and programs read /etc/hostname.

use std::ffi::OsStr;

use clap::ArgAction;
use nix::unistd;
use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use crate::{Addresses, EtcFile, Host, sys};

/// The longest host name, in bytes: `HOST_NAME_MAX` of sethostname(2).
const MAX_NAME: usize = 64;

/// The command-line options of chapter 4.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 04: its own names", disable_help_flag = true)]
pub struct NameOptions {
    /// Host name of the container [default: its id]
    #[arg(short = 'h', long, value_name = "NAME")]
    pub hostname: Option<String>,

    /// Domain name of the container
    #[arg(long, value_name = "NAME")]
    pub domainname: Option<String>,

    /// Add a line to its /etc/hosts; host-gateway stands for the host's address
    #[arg(long, value_name = "NAME:ADDRESS")]
    pub add_host: Vec<Host>,

    /// Print help
    // Without its short form: that one is the host name, as Docker has it.
    #[arg(long, action = ArgAction::Help, help_heading = None::<&str>)]
    pub help: Option<bool>,
}

impl NameOptions {
    /// The names that were asked for, or the container's id.
    ///
    /// # Errors
    /// If a name is one that the kernel would refuse.
    pub fn resolve(&self, id: &str) -> Result<Names> {
        let hostname = self.hostname.as_deref().unwrap_or(id).to_owned();
        let (domainname, hosts) = (self.domainname.clone(), self.add_host.clone());
        let names = Names { hostname, domainname, hosts };
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
    /// Others that it knows, beside its own.
    #[serde(default)]
    pub hosts: Vec<Host>,
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

    /// What /etc says of them: hostname(5), and hosts(5).
    ///
    /// # Errors
    /// If a name shall lead to the host, and no address does.
    pub fn etc_files(&self, addresses: Addresses) -> Result<Vec<EtcFile>> {
        let hostname = format!("{}\n", self.hostname);
        let hosts = self.hosts_file(addresses)?;
        Ok(vec![("hostname", hostname.into_bytes()), ("hosts", hosts.into_bytes())])
    }
}
