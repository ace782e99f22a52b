//! Which network a container shall have: the options, and what they mean.
//!
//! ```text
//!   (nothing)          a bridge, or where the host refuses it none
//!   --network bridge   a bridge, or an error
//!   -p 8080:80         the same, and ports of the host that lead in
//! ```

use std::net::IpAddr;

use clap::ValueEnum;
use process::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{Bridge, Publish};

/// The command-line options of chapter 5.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 05: its own network")]
pub struct NetworkOptions {
    /// Which network the container has [default: bridge]
    #[arg(long, visible_alias = "net", value_enum, value_name = "MODE")]
    pub network: Option<Mode>,

    /// Lead a port of the host to one of the container
    #[arg(short, long, value_name = "[[IP:]HOST:]PORT[/udp]")]
    pub publish: Vec<Publish>,

    /// Ask this server for names, and none of the host's
    #[arg(long, value_name = "ADDRESS")]
    pub dns: Vec<IpAddr>,
}

/// What `--network` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Its own, with nobody else in it
    None,
    /// The host's
    Host,
    /// Its own, joined with the others' and the host's by a bridge
    Bridge,
}

/// Which network a container has, and what of it is seen from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkPlan {
    /// Which one.
    pub mode: NetworkMode,
    /// The ports of the host that lead to it.
    pub publish: Vec<Publish>,
    /// The servers that are asked for names; if there are none, the host's.
    #[serde(default)]
    pub dns: Vec<IpAddr>,
    /// Nobody has asked for it: where the host refuses it, the container may do without.
    pub is_default: bool,
}

/// Which network a container has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// Its own, with nobody else in it.
    None,
    /// The host's.
    Host,
    /// Its own, on this bridge.
    Bridge(Bridge),
}

impl NetworkOptions {
    /// What the options mean.
    ///
    /// # Errors
    /// If they contradict each other.
    pub fn resolve(&self) -> Result<NetworkPlan> {
        let mode = match self.network {
            Some(Mode::None) => NetworkMode::None,
            Some(Mode::Host) => NetworkMode::Host,
            Some(Mode::Bridge) | None => NetworkMode::Bridge(Bridge::default()),
        };
        let without = match mode {
            NetworkMode::None => Some("none"),
            NetworkMode::Host => Some("host"),
            NetworkMode::Bridge(_) => None,
        };
        if let (Some(mode), Some(port)) = (without, self.publish.first()) {
            return Err(Error::new(format!("publish {port}: not with --network {mode}"))
                .with_hint(
                    "a port is published from a network behind a bridge: --network bridge",
                ));
        }
        let is_default = self.network.is_none() && self.publish.is_empty();
        let (publish, dns) = (self.publish.clone(), self.dns.clone());
        Ok(NetworkPlan { mode, publish, dns, is_default })
    }
}
