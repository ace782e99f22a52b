//! What it may do: five sets of capabilities, no_new_privs, filters, users.
//!
//! /proc/PID/status tells all of it but the filters themselves, proc_pid_status(5):
//!
//! ```text
//!   Uid: 0 0 0 0   Gid: 0 0 0 0   Groups: 0
//!   CapInh CapPrm CapEff CapBnd CapAmb      a bit a capability
//!   NoNewPrivs: 1                           whether exec can give more than it has
//!   Seccomp_filters: 3                      how many there are
//! ```
//!
//! What comes in has the same, and never more. For another user, asked for by `-u`, the
//! bounding set decides: root gets what it leaves, as by any exec, and everybody else nothing.
//! The filters of a container of ours are compiled anew, from what its record says; what its
//! program has added to itself is its own. Those of others are read (`filters.rs`).

use nix::errno::Errno;
use nix::unistd::{Gid, setgroups};
use process::{CloneFlags, Error, Result, Step, User};
use security::{Capabilities, CapabilitySet, Confinement, Filters, Security};
use user_ns::maps::{Kind, Map};

use crate::{Target, filters_of};

/// What a process may do.
#[derive(Clone, Debug)]
pub struct Powers {
    capabilities: Capabilities,
    no_new_privileges: bool,
    filters: Filters,
    /// As it is numbered in its own user namespace.
    user: (u32, u32, Vec<u32>),
    /// Its groups, as they are numbered here.
    groups: Vec<u32>,
}

impl Target {
    /// Reads what it may do, in the namespaces that are its own.
    ///
    /// # Errors
    /// If it has ended, or its filters cannot be had.
    pub fn powers(&self, own: CloneFlags) -> Result<Powers> {
        // ANCHOR: read
        let status = Status(self.read("status")?);
        let set = |name| status.bits(name).map(CapabilitySet::of_bits);
        let capabilities = Capabilities {
            bounding: set("CapBnd")?,
            effective: set("CapEff")?,
            permitted: set("CapPrm")?,
            inheritable: set("CapInh")?,
            ambient: set("CapAmb")?,
            required: CapabilitySet::default(),
        };
        // ANCHOR_END: read
        let has_users = own.contains(CloneFlags::CLONE_NEWUSER);
        let ids = |kind| if has_users { self.map(kind).map(Some) } else { Ok(None) };
        let (uids, gids) = (ids(Kind::Uid)?, ids(Kind::Gid)?);
        let (uid, gid) = (status.number("Uid")?, status.number("Gid")?);
        let groups = status.numbers("Groups");
        let nobody = || Error::new("the container's first process is nobody in its own namespace");
        let user = (
            inside(uids.as_ref(), uid).ok_or_else(nobody)?,
            inside(gids.as_ref(), gid).ok_or_else(nobody)?,
            groups.iter().filter_map(|group| inside(gids.as_ref(), *group)).collect(),
        );
        Ok(Powers {
            capabilities,
            no_new_privileges: status.number("NoNewPrivs")? == 1,
            filters: self.filters(&status)?,
            user,
            groups,
        })
    }

    /// Who is who in its user namespace and in ours.
    fn map(&self, kind: Kind) -> Result<Map> {
        let text = self.read(kind.file())?;
        Ok(Map::parse(&String::from_utf8_lossy(&text)))
    }

    /// Its filters of system calls.
    fn filters(&self, status: &Status) -> Result<Filters> {
        // A kernel without filters does not speak of them.
        if let [] | [0] = status.numbers("Seccomp")[..] {
            return Ok(Filters::default());
        }
        match self.recorded::<Security>("security")? {
            Some(security) => Filters::compile(&security.seccomp, &security.capabilities),
            // Chapters before the 9th add none: what they have is around us as well.
            None if self.is_ours() => Ok(Filters::default()),
            None => filters_of(self),
        }
    }
}

impl Powers {
    /// The same for who is asked for by name. It is a confinement that gives root all of this,
    /// and everybody else nothing.
    pub fn of_named_user(self) -> Self {
        let bounding = self.capabilities.bounding;
        let capabilities = Capabilities {
            bounding,
            effective: bounding,
            permitted: bounding,
            ..Capabilities::default()
        };
        Self { capabilities, ..self }
    }

    /// In our own user namespace: has its groups, and none that we had.
    ///
    /// In a user namespace that an ordinary user has made, no group can be given up any more.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn take_groups(&self) -> Result<()> {
        let groups: Vec<_> = self.groups.iter().copied().map(Gid::from_raw).collect();
        match setgroups(&groups) {
            // We are in such a one ourselves.
            Err(Errno::EPERM) => Ok(()),
            taken => taken.step(|| "take the groups of the container's first process"),
        }
    }

    /// What is to be given up, in chapter 9's order.
    pub fn confinement(&self) -> Confinement {
        let filters = self.filters.clone();
        Confinement::of_another(self.capabilities, self.no_new_privileges, filters)
    }

    /// Who it is.
    pub fn user(&self) -> User {
        let (uid, gid, groups) = &self.user;
        User::numbered(*uid, *gid, groups)
    }

    /// The same as people write it.
    pub fn user_and_group(&self) -> String {
        format!("{}:{}", self.user.0, self.user.1)
    }
}

/// The file's text: a name, a colon, and what is said of it.
struct Status(Vec<u8>);

impl Status {
    /// The first number behind a name: of ids, that which counts as its own.
    fn number(&self, name: &str) -> Result<u32> {
        self.numbers(name).first().copied().ok_or_else(|| missing(name))
    }

    fn numbers(&self, name: &str) -> Vec<u32> {
        self.words(name).into_iter().flatten().filter_map(|word| word.parse().ok()).collect()
    }

    fn bits(&self, name: &str) -> Result<u64> {
        let word = self.words(name).and_then(|mut words| words.next());
        word.and_then(|word| u64::from_str_radix(word, 16).ok()).ok_or_else(|| missing(name))
    }

    fn words(&self, name: &str) -> Option<impl Iterator<Item = &str>> {
        let lines = self.0.split(|&byte| byte == b'\n');
        // The process's own name is among the lines, and need not be text.
        let line = lines
            .filter_map(|line| str::from_utf8(line).ok())
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(line.split_whitespace())
    }
}

/// Who somebody here is in a user namespace with such a map; without, it is ours.
fn inside(map: Option<&Map>, id: u32) -> Option<u32> {
    map.map_or(Some(id), |map| map.inside(id))
}

fn missing(name: &str) -> Error {
    Error::new(format!("look for {name} in /proc/PID/status"))
}
