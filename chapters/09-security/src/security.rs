//! What a container may do: the options, and what they mean on this host.
//!
//! ```text
//!                     --privileged   by default              changed by
//!   capabilities      all            Docker's 14             --cap-add, --cap-drop
//!   system calls      all            those of the profile    seccomp=…
//!   setuid programs   work           have no effect          no-new-privileges=false
//!   /proc and /sys    as they are    some covered            systempaths=unconfined
//!   devices           all            nine harmless ones      --device
//! ```

use std::path::PathBuf;
use std::str::FromStr;

use process::Result;
use serde::{Deserialize, Serialize};

use crate::capabilities::CapabilityChoice;
use crate::{Capabilities, DeviceRules, HostDevice, Seccomp, SeccompChoice, Ulimit, masks};

/// The command-line options of chapter 9.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 09: less power")]
pub struct SecurityOptions {
    /// Give a capability, such as NET_ADMIN, or ALL
    #[arg(long, value_name = "CAPABILITY")]
    pub cap_add: Vec<CapabilityChoice>,

    /// Take a capability away, or ALL
    #[arg(long, value_name = "CAPABILITY")]
    pub cap_drop: Vec<CapabilityChoice>,

    /// Do without the protection of this chapter
    #[arg(long)]
    pub privileged: bool,

    /// seccomp=FILE, seccomp=unconfined, systempaths=unconfined or no-new-privileges=false
    #[arg(long, value_name = "OPTION")]
    pub security_opt: Vec<SecurityOption>,

    /// Let the container have a device of the host
    #[arg(long, value_name = "HOST[:CONTAINER[:rwm]]")]
    pub device: Vec<HostDevice>,

    /// Limit what one process may use, such as nofile=1024:2048
    #[arg(long, value_name = "NAME=SOFT[:HARD]")]
    pub ulimit: Vec<Ulimit>,
}

/// What `--security-opt` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecurityOption {
    /// Whether setuid and file capabilities have no effect.
    NoNewPrivileges(bool),
    /// The filter of system calls.
    Seccomp(SeccompChoice),
    /// `unconfined`: no path of /proc and /sys is covered or read-only.
    BareSystemPaths,
}

impl FromStr for SecurityOption {
    type Err = String;

    /// `KEY=VALUE`, or `KEY:VALUE` as older Dockers have it.
    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once(['=', ':']).unwrap_or((text, "true"));
        match (key, value) {
            ("no-new-privileges", "true") => Ok(Self::NoNewPrivileges(true)),
            ("no-new-privileges", "false") => Ok(Self::NoNewPrivileges(false)),
            ("systempaths", "unconfined") => Ok(Self::BareSystemPaths),
            ("seccomp", choice) if text.len() > key.len() => {
                Ok(Self::Seccomp(choice.parse().unwrap_or_default()))
            }
            _ => Err("expected seccomp=FILE, seccomp=unconfined, systempaths=unconfined or \
                      no-new-privileges"
                .to_owned()),
        }
    }
}

/// What a container may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Security {
    /// The parts of root's power that it has.
    pub capabilities: Capabilities,
    /// Which system calls.
    pub seccomp: Seccomp,
    /// Whether setuid and file capabilities have no effect.
    pub no_new_privileges: bool,
    /// Files and directories that are covered; what is missing needs no cover.
    pub masked: Vec<PathBuf>,
    /// Files and directories that are read-only.
    pub read_only: Vec<PathBuf>,
    /// Devices of the host that it finds in its /dev.
    pub devices: Vec<HostDevice>,
    /// Which devices it may open; `None` for all.
    pub device_rules: Option<DeviceRules>,
    /// What one process may use.
    pub ulimits: Vec<Ulimit>,
}

impl SecurityOptions {
    /// What the options mean on this host.
    ///
    /// # Errors
    /// If the seccomp profile cannot be read, or there is no such device.
    pub fn resolve(&self) -> Result<Security> {
        let mut security = Security {
            device_rules: Some(DeviceRules::with(&self.device)?),
            capabilities: Capabilities::choose(&self.cap_add, &self.cap_drop),
            seccomp: Seccomp::Default,
            no_new_privileges: true,
            masked: masks::masked()?,
            read_only: masks::read_only(),
            devices: self.device.clone(),
            ulimits: self.ulimit.clone(),
        };
        if self.privileged {
            security.lift();
        }
        for option in &self.security_opt {
            match option {
                SecurityOption::NoNewPrivileges(value) => security.no_new_privileges = *value,
                SecurityOption::Seccomp(wanted) => security.seccomp = wanted.resolve()?,
                SecurityOption::BareSystemPaths => security.show_system_paths(),
            }
        }
        Ok(security)
    }
}

impl Security {
    /// `--privileged`: all that our own root may do.
    fn lift(&mut self) {
        self.capabilities = Capabilities::all();
        self.seccomp = Seccomp::Unconfined;
        self.no_new_privileges = false;
        self.device_rules = None;
        self.show_system_paths();
    }

    fn show_system_paths(&mut self) {
        self.masked.clear();
        self.read_only.clear();
    }
}
