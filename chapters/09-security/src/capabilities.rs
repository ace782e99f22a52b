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
//! capabilities would give them to an ordinary user (CVE-2022-24769). Ambient ones would be
//! given to every user, and nobody asks for that with Docker's options.

use std::str::FromStr;

use nix::sys::prctl;
use nix::unistd::geteuid;
use process::{CapSets, Error, Result, Step};
use serde::{Deserialize, Serialize};

use crate::{Capability, CapabilitySet, sys};

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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// What any exec can give.
    pub bounding: CapabilitySet,
    /// What counts, where root runs the command.
    pub effective: CapabilitySet,
    /// What root may make effective.
    pub permitted: CapabilitySet,
    /// What an exec hands to programs whose file asks for it.
    pub inheritable: CapabilitySet,
    /// What an exec hands to any program, and to any user.
    pub ambient: CapabilitySet,
    /// Those of them that were named one by one: a container without is not made.
    pub required: CapabilitySet,
}

impl Capabilities {
    /// Docker's rules: all but the dropped with `--cap-add ALL`, the added only with
    /// `--cap-drop ALL`, else the default set without the dropped and with the added.
    pub fn choose(add: &[CapabilityChoice], drop: &[CapabilityChoice]) -> Self {
        let has_all = |choices: &[_]| choices.contains(&CapabilityChoice::All);
        let named = |choices: &[CapabilityChoice]| -> CapabilitySet {
            let one = |choice: &CapabilityChoice| match choice {
                CapabilityChoice::All => None,
                CapabilityChoice::One(one) => Some(*one),
            };
            choices.iter().filter_map(one).collect()
        };
        let (added, dropped) = (named(add), named(drop));
        let wanted = match (has_all(add), has_all(drop)) {
            (true, _) => CapabilitySet::all().without(dropped),
            (false, true) => added,
            (false, false) => default_set().without(dropped).and(added),
        };
        Self { required: added.within(wanted), ..Self::of_root(wanted) }
    }

    /// Everything, as far as the runtime has it itself: `--privileged`.
    pub fn all() -> Self {
        Self::of_root(CapabilitySet::all())
    }

    /// What makes a root that has these.
    fn of_root(some: CapabilitySet) -> Self {
        Self { bounding: some, effective: some, permitted: some, ..Self::default() }
    }

    /// Whether a program in the container can have a capability of this name.
    pub fn has(&self, name: &str) -> bool {
        name.parse().is_ok_and(|one| self.bounding.has(one))
    }

    /// What of it can be given: nobody gives what he does not have.
    ///
    /// # Errors
    /// If a capability that is required is not ours to give.
    pub(crate) fn to_grant(self) -> Result<Self> {
        let ours = CapabilitySet(process::capget().step(|| "read our own capabilities")?.permitted);
        let wanted = self.bounding.and(self.permitted).and(self.inheritable);
        let mut granted = CapabilitySet::default();
        for one in wanted.iter() {
            if ours.has(one) && is_in_bounding_set(one)? {
                granted = granted.and([one].into_iter().collect());
            } else if self.required.has(one) {
                return Err(Error::new(format!("--cap-add {one}: the runtime does not have it"))
                    .with_hint(
                        "`grep CapPrm /proc/self/status` shows what it has: nobody can give more",
                    ));
            }
        }
        Ok(Self {
            bounding: self.bounding.within(granted),
            effective: self.effective.within(granted),
            permitted: self.permitted.within(granted),
            inheritable: self.inheritable.within(granted),
            ambient: self.ambient.within(granted),
            required: self.required,
        })
    }
}

fn default_set() -> CapabilitySet {
    DEFAULT.iter().filter_map(|name| name.parse().ok()).collect()
}

// ANCHOR: bound
/// Decides what any later exec can give. It needs CAP_SETPCAP, so it comes before
/// [`keep`], and before the change of user, which takes that away as well.
pub(crate) fn bound(grant: Capabilities) -> Result<()> {
    for one in CapabilitySet::all().without(grant.bounding).iter() {
        // A capability that this kernel does not have yet is no danger.
        if is_in_bounding_set(one)? {
            sys::drop_from_bounding_set(one.number())
                .step(|| format!("drop {one} from the bounding set"))?;
        }
    }
    Ok(())
}
// ANCHOR_END: bound

fn is_in_bounding_set(one: Capability) -> Result<bool> {
    sys::is_in_bounding_set(one.number()).step(|| format!("look for {one} in the bounding set"))
}

/// Before the change of user, which empties the permitted set: ambient ones outlive that.
pub(crate) fn prepare_for_user(grant: Capabilities) -> Result<()> {
    if grant.ambient == CapabilitySet::default() {
        return Ok(());
    }
    prctl::set_keepcaps(true).step(|| "keep capabilities over the change of user")
}

// ANCHOR: keep
/// Gives up everything else at once. Whoever is not root keeps what is ambient, and mostly
/// that is nothing: as at Docker, capabilities are root's.
pub(crate) fn keep(grant: Capabilities) -> Result<()> {
    // An exec leaves another user no more than this.
    let limit = if geteuid().is_root() { CapabilitySet::all() } else { grant.ambient };
    sys::capset(CapSets {
        effective: grant.effective.within(limit).0,
        permitted: grant.permitted.within(limit).0,
        inheritable: grant.inheritable.0,
    })
    .step(|| "give up capabilities")?;
    // It has lost what is no longer inheritable already; this says so.
    sys::clear_ambient_set().step(|| "clear the ambient set")?;
    grant
        .ambient
        .iter()
        .try_for_each(|one| sys::raise_ambient(one.number()).step(|| format!("make {one} ambient")))
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
        assert_eq!(default_set().0, 0xa804_25fb);
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

    #[test]
    fn sets_are_written_as_names() {
        let chosen = Capabilities::choose(&["KILL".parse().unwrap()], &[CapabilityChoice::All]);
        let text = serde_json::to_string(&chosen).unwrap();
        assert!(text.starts_with(r#"{"bounding":["CAP_KILL"],"effective":["CAP_KILL"]"#), "{text}");
        assert_eq!(serde_json::from_str::<Capabilities>(&text).unwrap(), chosen);
    }
}
