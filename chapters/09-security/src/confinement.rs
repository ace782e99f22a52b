//! Everything of this chapter, in the one order that works.
//!
//! Each step takes something away, and some need what others take:
//!
//! ```text
//!   bounding set     needs CAP_SETPCAP; what is in effect stays so until an exec
//!   ── held: whoever looks now sees what the command can have at most ──
//!   ulimits          raising one needs CAP_SYS_RESOURCE
//!   session keyring  the seccomp profile has no keyctl
//!   user             needs CAP_SETUID and CAP_SETGID
//!   the other sets   all that is left is what the command gets
//!   no_new_privs     needs nothing
//!   seccomp          needs no_new_privs, and may forbid all of the above
//!   exec
//! ```
//!
//! Without no_new_privs, only CAP_SYS_ADMIN may add a filter. Then it has to come before
//! the user, and the profile must allow what follows. That is Docker's default;
//! ours is no_new_privs, which a container rarely misses: what stops working is `su`,
//! `sudo` and whatever else has the setuid bit.

use std::str::FromStr;

use cgroups::Cgroup;
use mount_ns::Root;
use nix::sys::prctl;
use process::{Result, Step, User};

use crate::capabilities::{self, CapabilityChoice};
use crate::{
    Capabilities, DeviceRules, Filters, HostDevice, SeccompChoice, Ulimit, keyring, masks,
};

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

    /// seccomp=FILE, seccomp=unconfined or no-new-privileges=false
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
}

impl FromStr for SecurityOption {
    type Err = String;

    /// `KEY=VALUE`, or `KEY:VALUE` as older Dockers have it.
    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once(['=', ':']).unwrap_or((text, "true"));
        match (key, value) {
            ("no-new-privileges", "true") => Ok(Self::NoNewPrivileges(true)),
            ("no-new-privileges", "false") => Ok(Self::NoNewPrivileges(false)),
            ("seccomp", choice) if text.len() > key.len() => {
                Ok(Self::Seccomp(choice.parse().unwrap_or_default()))
            }
            _ => Err("expected seccomp=FILE, seccomp=unconfined or no-new-privileges".to_owned()),
        }
    }
}

/// What is taken from a container, ready to be applied.
#[derive(Clone, Debug)]
pub struct Confinement {
    capabilities: Capabilities,
    filters: Filters,
    limits: Vec<Ulimit>,
    devices: Vec<HostDevice>,
    rules: DeviceRules,
    no_new_privileges: bool,
    is_privileged: bool,
}

impl Confinement {
    /// Reads the options and compiles the filters, which is the slow part.
    ///
    /// # Errors
    /// If there is something wrong with the seccomp profile, or no such device.
    pub fn prepare(options: &SecurityOptions) -> Result<Self> {
        let is_privileged = options.privileged;
        let mut no_new_privileges = !is_privileged;
        let mut choice = SeccompChoice::default();
        if is_privileged {
            choice = SeccompChoice::Unconfined;
        }
        for option in &options.security_opt {
            match option {
                SecurityOption::NoNewPrivileges(value) => no_new_privileges = *value,
                SecurityOption::Seccomp(wanted) => choice = wanted.clone(),
            }
        }
        let capabilities = if is_privileged {
            Capabilities::all()
        } else {
            Capabilities::choose(&options.cap_add, &options.cap_drop)
        };
        let filters = Filters::compile(&choice, &capabilities)?;
        let limits = options.ulimit.clone();
        let devices = options.device.clone();
        let rules = DeviceRules::with(&devices)?;
        Ok(Self { capabilities, filters, limits, devices, rules, no_new_privileges, is_privileged })
    }

    /// In the runtime: the device rules, before anybody is in the cgroup.
    pub fn restrict_devices(&self, cgroup: &Cgroup) -> Result<()> {
        if self.is_privileged { Ok(()) } else { self.rules.apply(cgroup) }
    }

    /// In the container, when its /dev is mounted.
    pub fn show_devices(&self, root: &Root) -> Result<()> {
        self.devices.iter().try_for_each(|device| device.show(root))
    }

    /// In the container, when all else is mounted.
    pub fn mask_paths(&self) -> Result<()> {
        if self.is_privileged { Ok(()) } else { masks::mask() }
    }

    /// In the container, as the last step before the gate: limits what an exec can give.
    pub fn bound_capabilities(&self) -> Result<()> {
        capabilities::bound(self.capabilities.to_grant()?)
    }

    // ANCHOR: enter
    /// In the container, between the gate and exec: gives everything up.
    pub fn enter(&self, user: &User) -> Result<()> {
        let grant = self.capabilities.to_grant()?;
        self.limits.iter().try_for_each(Ulimit::set)?;
        keyring::join()?;
        if !self.no_new_privileges {
            self.filters.load()?;
        }
        user.become_it()?;
        capabilities::keep(grant)?;
        // Until exec this process is the runtime: nobody in the container shall trace
        // it or look into its memory. Exec sets it back.
        prctl::set_dumpable(false).step(|| "become undumpable")?;
        if self.no_new_privileges {
            prctl::set_no_new_privs().step(|| "set no_new_privs")?;
            self.filters.load()?;
        }
        Ok(())
    }
    // ANCHOR_END: enter
}
