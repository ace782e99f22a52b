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

use cgroups::Cgroup;
use mount_ns::Root;
use nix::sys::prctl;
use process::{Result, Step, User};

use crate::{Capabilities, Filters, Seccomp, Security, Ulimit, capabilities, keyring, masks};

/// What is taken from a container, ready to be applied.
#[derive(Clone, Debug)]
pub struct Confinement {
    security: Security,
    filters: Filters,
}

impl Confinement {
    /// Compiles the filters, which is the slow part.
    ///
    /// # Errors
    /// If there is something wrong with the seccomp profile.
    pub fn prepare(security: Security) -> Result<Self> {
        let filters = Filters::compile(&security.seccomp, &security.capabilities)?;
        Ok(Self { security, filters })
    }

    /// That of one more process in a container that runs, which gets what another one has: its
    /// mounts and its cgroup are there.
    pub fn of_another(
        capabilities: Capabilities,
        no_new_privileges: bool,
        filters: Filters,
    ) -> Self {
        let security = Security {
            capabilities,
            seccomp: Seccomp::Unconfined,
            no_new_privileges,
            masked: Vec::new(),
            read_only: Vec::new(),
            devices: Vec::new(),
            device_rules: None,
            ulimits: Vec::new(),
        };
        Self { security, filters }
    }

    /// In the runtime: the device rules, before anybody is in the cgroup.
    pub fn restrict_devices(&self, cgroup: &Cgroup) -> Result<()> {
        let rules = self.security.device_rules.as_ref();
        rules.map_or(Ok(()), |rules| rules.apply(cgroup))
    }

    /// In the container, when its /dev is mounted.
    pub fn show_devices(&self, root: &Root) -> Result<()> {
        self.security.devices.iter().try_for_each(|device| device.show(root))
    }

    /// In the container, when all else is mounted.
    pub fn mask_paths(&self) -> Result<()> {
        masks::mask(&self.security.masked)?;
        masks::make_read_only(&self.security.read_only)
    }

    /// In the container, as the last step before the gate: limits what an exec can give.
    pub fn bound_capabilities(&self) -> Result<()> {
        capabilities::bound(self.security.capabilities.to_grant()?)
    }

    // ANCHOR: enter
    /// In the container, between the gate and exec: gives everything up.
    pub fn enter(&self, user: &User) -> Result<()> {
        let grant = self.security.capabilities.to_grant()?;
        self.security.ulimits.iter().try_for_each(Ulimit::set)?;
        keyring::join()?;
        if !self.security.no_new_privileges {
            self.filters.load()?;
        }
        capabilities::prepare_for_user(grant)?;
        user.become_it()?;
        capabilities::keep(grant)?;
        // Until exec this process is the runtime: nobody in the container shall trace
        // it or look into its memory. Exec sets it back.
        prctl::set_dumpable(false).step(|| "become undumpable")?;
        if self.security.no_new_privileges {
            prctl::set_no_new_privs().step(|| "set no_new_privs")?;
            self.filters.load()?;
        }
        Ok(())
    }
    // ANCHOR_END: enter
}
