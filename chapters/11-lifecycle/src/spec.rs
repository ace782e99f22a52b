//! All that a start takes, with no command line and no caller left in it.
//!
//! `docker start web` says nothing of volumes, limits or networks, and the terminal of the first
//! start is gone long since. So what was typed is resolved *once*, when the container is made,
//! and written into its record. Each start reads it there: the first one, the one after a stop,
//! and the one that nobody has asked for.
//!
//! ```text
//!   Options ── resolve ──▶ Spec ── JSON ──▶ record ──▶ Spec ── create ──▶ Container
//!   what people type       what is done                any time later
//! ```

use std::path::PathBuf;

use cgroups::Limits;
use enter::{Join, Joined};
use mount_ns::Mounts;
use net_ns::NetworkPlan;
use overlay::Layers;
use process::{Command, Error, Result, State};
use security::Security;
use serde::{Deserialize, Serialize};
use user_ns::{Clock, Users};
use uts_ipc::Names;

use crate::{Options, Policy};

// ANCHOR: spec
/// A container that can be started at any time: the values of all chapters.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    /// What is run.
    pub command: Command,
    /// The image.
    #[serde(with = "process::bytes")]
    pub root: PathBuf,
    /// Whether an init of ours is number 1.
    pub init: bool,
    /// What is mounted.
    pub mounts: Mounts,
    /// What it is called, and whom it knows.
    pub names: Names,
    /// Its network.
    pub network: NetworkPlan,
    /// Its share of the host.
    pub limits: Limits,
    /// The layers of its root.
    pub layers: Layers,
    /// Its users.
    pub users: Users,
    /// Its clocks.
    pub clock: Clock,
    /// What it may do.
    pub security: Security,
    /// What it has of others.
    pub join: Join,
    /// What becomes of it when it has ended.
    pub policy: Policy,
}
// ANCHOR_END: spec

impl Options {
    /// What the options mean, for the container of this record.
    ///
    /// # Errors
    /// If something of it is not there, or they contradict each other.
    pub fn resolve(&self, state: &State) -> Result<Spec> {
        let policy = self.life.resolve(&self.command.anyway)?;
        let join = self.join.resolve(&self.network)?;
        let joined = Joined::open(&join)?;
        let mut command = self.command.resolve()?;
        if policy.tty && !command.env.iter().any(|(key, _)| key == "TERM") {
            command.env.push(("TERM".into(), "xterm".into()));
        }
        let root = self.root.resolve()?;
        let users = joined.users(&self.users)?;
        let layers = self.layers.resolve(&root, state)?;
        if layers.keep.is_some() && !policy.rm {
            return Err(Error::new("--keep needs --rm: without, the layer stays in any case"));
        }
        Ok(Spec {
            mounts: joined.mounts(self.mounts.resolve()?, &users),
            network: joined.network(&self.network)?,
            limits: self.limits.resolve()?,
            clock: self.clock.resolve(),
            security: self.security.resolve()?,
            names: joined.names(&self.names, state.id())?,
            init: self.pid.init,
            command,
            root,
            layers,
            users,
            join,
            policy,
        })
    }
}
