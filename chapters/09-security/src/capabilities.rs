//! Capabilities: root's power, cut into parts that can be had or taken one by one.
//!
//! The kernel does not ask "is it root?" but "has it CAP_SYS_TIME?" before it sets the
//! clock, and so on for 41 capabilities. capabilities(7). A process has five sets:
//!
//! ```text
//!   effective    what the kernel checks
//!   permitted    what may be made effective
//!   inheritable  what exec hands to programs whose file asks for it
//!   ambient      what exec hands to any program
//!   bounding     what exec can give at all: programs of root get just this
//! ```
//!
//! The command gets its sets by an exec, and an exec by root fills permitted and
//! effective from the *bounding* set. Emptying the others alone would change nothing:
//!
//! ```text
//!                    runtime      enter                 exec as root    as user 1000
//!   bounding         all          the 14 ───────────┬─▶ the 14          the 14
//!   permitted        all          the 14 or none    └─▶ the 14          none
//!   effective        all          the 14 or none        the 14          none
//!   inheritable      any          none                  none            none
//!   ambient          any          none                  none            none
//! ```
//!
//! Inheritable is empty on purpose: with the 14 in it, a file with inheritable file
//! capabilities would give them to an ordinary user (CVE-2022-24769).

use std::str::FromStr;

use nix::unistd::geteuid;
use process::{CapSets, Error, Result, Step};

use crate::sys;

/// All capabilities without their `CAP_`, in the kernel's order: linux/capability.h.
#[rustfmt::skip]
const NAMES: [&str; 41] = [
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE",
];

/// Docker's default: what installing and serving software takes, and nothing that
/// reaches beyond the container's own files, processes and ports.
const DEFAULT: [&str; 14] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "FSETID",
    "FOWNER",
    "MKNOD",
    "NET_RAW",
    "SETGID",
    "SETUID",
    "SETFCAP",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "KILL",
    "AUDIT_WRITE",
];

/// One capability, by its number in the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capability(u8);

impl Capability {
    /// All that this book knows of; the kernel may have fewer.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..).zip(NAMES).map(|(number, _)| Self(number))
    }

    fn bit(self) -> u64 {
        1 << self.0
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CAP_{}", NAMES[usize::from(self.0)])
    }
}

impl FromStr for Capability {
    type Err = String;

    /// `CAP_SYS_TIME`, `SYS_TIME` or `sys_time`.
    fn from_str(name: &str) -> Result<Self, String> {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
        let found = Self::all().find(|known| NAMES[usize::from(known.0)] == bare);
        found.ok_or_else(|| format!("there is no capability {name}"))
    }
}

/// What `--cap-add` and `--cap-drop` take: one capability, or all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CapabilityChoice {
    /// `ALL`.
    All,
    /// One by its name.
    One(Capability),
}

impl FromStr for CapabilityChoice {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name.eq_ignore_ascii_case("all") { Ok(Self::All) } else { name.parse().map(Self::One) }
    }
}

/// The capabilities that a container shall have.
#[derive(Clone, Debug)]
pub struct Capabilities {
    wanted: u64,
    /// The part of them that was named one by one, and so must not be missing.
    named: u64,
}

impl Capabilities {
    /// Docker's rules: all but the dropped with `--cap-add ALL`, the added only with
    /// `--cap-drop ALL`, else the default set without the dropped and with the added.
    pub fn choose(add: &[CapabilityChoice], drop: &[CapabilityChoice]) -> Self {
        let has_all = |choices: &[_]| choices.contains(&CapabilityChoice::All);
        let bits = |choices: &[_]| {
            choices.iter().fold(0, |bits, choice| match choice {
                CapabilityChoice::All => bits,
                CapabilityChoice::One(capability) => bits | capability.bit(),
            })
        };
        let (added, dropped) = (bits(add), bits(drop));
        let wanted = match (has_all(add), has_all(drop)) {
            (true, _) => Self::all().wanted & !dropped,
            (false, true) => added,
            (false, false) => default_set() & !dropped | added,
        };
        Self { wanted, named: added & wanted }
    }

    /// Everything, as far as the runtime has it itself: `--privileged`.
    pub fn all() -> Self {
        Self { wanted: Capability::all().fold(0, |bits, one| bits | one.bit()), named: 0 }
    }

    /// Whether the container is to have a capability of this name.
    pub fn has(&self, name: &str) -> bool {
        name.parse().is_ok_and(|one: Capability| self.wanted & one.bit() != 0)
    }

    /// What of it can be given: nobody gives what he does not have.
    ///
    /// # Errors
    /// If a capability that was asked for by its name is not ours to give.
    pub(crate) fn to_grant(&self) -> Result<u64> {
        let ours = process::capget().step(|| "read our own capabilities")?.permitted;
        let mut grant = 0;
        for one in Capability::all().filter(|one| self.wanted & one.bit() != 0) {
            if ours & one.bit() != 0 && is_in_bounding_set(one)? {
                grant |= one.bit();
            } else if self.named & one.bit() != 0 {
                return Err(Error::new(format!("--cap-add {one}: the runtime does not have it"))
                    .with_hint(
                        "`grep CapPrm /proc/self/status` shows what it has: nobody can give more",
                    ));
            }
        }
        Ok(grant)
    }
}

fn default_set() -> u64 {
    let capabilities = DEFAULT.iter().filter_map(|name| name.parse::<Capability>().ok());
    capabilities.fold(0, |bits, one| bits | one.bit())
}

// ANCHOR: bound
/// Decides what any later exec can give. It needs CAP_SETPCAP, so it comes before
/// [`keep`], and before the change of user, which takes that away as well.
pub(crate) fn bound(grant: u64) -> Result<()> {
    for one in Capability::all().filter(|one| grant & one.bit() == 0) {
        // A capability that this kernel does not have yet is no danger.
        if is_in_bounding_set(one)? {
            sys::drop_from_bounding_set(one.0)
                .step(|| format!("drop {one} from the bounding set"))?;
        }
    }
    Ok(())
}
// ANCHOR_END: bound

fn is_in_bounding_set(one: Capability) -> Result<bool> {
    sys::is_in_bounding_set(one.0).step(|| format!("look for {one} in the bounding set"))
}

// ANCHOR: keep
/// Gives up everything else at once. A user other than root keeps nothing: as at Docker,
/// capabilities are root's, and another user's program finds all sets but one empty.
pub(crate) fn keep(grant: u64) -> Result<()> {
    let kept = if geteuid().is_root() { grant } else { 0 };
    let sets = CapSets { effective: kept, permitted: kept, inheritable: 0 };
    sys::capset(sets).step(|| "give up capabilities")?;
    // It has lost what is no longer inheritable already; this says so.
    sys::clear_ambient_set().step(|| "clear the ambient set")
}
// ANCHOR_END: keep

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(add: &[&str], drop: &[&str]) -> Vec<String> {
        let parse = |names: &[&str]| -> Vec<CapabilityChoice> {
            names.iter().map(|name| name.parse().unwrap()).collect()
        };
        let chosen = Capabilities::choose(&parse(add), &parse(drop));
        Capability::all().map(|one| one.to_string()).filter(|name| chosen.has(name)).collect()
    }

    #[test]
    fn the_default_is_dockers() {
        // What `docker run alpine grep CapEff /proc/self/status` prints.
        assert_eq!(default_set(), 0xa804_25fb);
        assert_eq!(choose(&[], &[]).len(), 14);
    }

    #[test]
    fn adding_and_dropping_follows_docker() {
        assert_eq!(choose(&["net_admin"], &["ALL"]), ["CAP_NET_ADMIN"]);
        assert_eq!(choose(&["ALL"], &["CAP_SYS_ADMIN"]).len(), 40);
        assert!(choose(&["SYS_TIME"], &["CHOWN"]).contains(&"CAP_SYS_TIME".to_owned()));
        assert!(!choose(&["SYS_TIME"], &["CHOWN"]).contains(&"CAP_CHOWN".to_owned()));
        assert!("CAP_FLY".parse::<Capability>().is_err());
    }
}
