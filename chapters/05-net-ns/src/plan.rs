//! Which network a container shall have: the options, and what they mean.
//!
//! ```text
//!   (nothing)          a bridge, or where the host refuses it none
//!   --network bridge   a bridge, or an error
//!   -p 8080:80         the same, and ports of the host that lead in
//! ```

use std::net::IpAddr;
use std::str::FromStr;

use process::{Error, Result};
use serde::{Deserialize, Serialize};

use crate::{Bridge, Publish};

/// The command-line options of chapter 5.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 05: its own network")]
pub struct NetworkOptions {
    /// Which network the container has: none, host, bridge, or container:NAME for another
    /// one's [default: bridge]
    #[arg(long, visible_alias = "net", value_name = "MODE")]
    pub network: Option<Mode>,

    /// Lead a port of the host to one of the container
    #[arg(short, long, value_name = "[[IP:]HOST:]PORT[/udp]")]
    pub publish: Vec<Publish>,

    /// Ask this server for names, and none of the host's
    #[arg(long, value_name = "ADDRESS")]
    pub dns: Vec<IpAddr>,
}

/// What `--network` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Its own, with nobody else in it.
    None,
    /// The host's.
    Host,
    /// Its own, joined with the others' and the host's by a bridge.
    Bridge,
    /// That of the container which is called so.
    Container(String),
}

impl FromStr for Mode {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "none" => Ok(Self::None),
            "host" => Ok(Self::Host),
            "bridge" => Ok(Self::Bridge),
            _ => another_container("network", word, &["none", "host", "bridge"])
                .map(|name| Self::Container(name.to_owned())),
        }
    }
}

/// The name in `container:NAME`.
///
/// # Errors
/// If it is no such word, nor one of `others`: then with the nearest that is one.
pub fn another_container<'a>(what: &str, word: &'a str, others: &[&str]) -> Result<&'a str> {
    let wrong = |hint| Err(Error::new(format!("invalid {what} mode: `{word}`")).with_hint(hint));
    let distance = |other: &&&str| strsim::damerau_levenshtein(other, word);
    let nearest = others.iter().min_by_key(distance).filter(|other| distance(other) <= 2);
    match (word.split_once(':'), nearest) {
        (Some(("container", name)), _) if !name.is_empty() => Ok(name),
        (Some((_, name)), _) if !name.is_empty() => {
            wrong(format!("did you mean `container:{name}`?"))
        }
        (None, Some(nearest)) => wrong(format!("did you mean `{nearest}`?")),
        (None, None) if !word.is_empty() && !"containers".starts_with(word) => wrong(format!(
            "it is {} or `container:NAME`; did you mean `container:{word}`?",
            others.join(", ")
        )),
        _ => wrong("the name of a container is missing: `container:NAME`".to_owned()),
    }
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
    /// That of the container with this id, who has set it up.
    Container(String),
}

impl NetworkOptions {
    /// What the options mean.
    ///
    /// # Errors
    /// If they contradict each other.
    pub fn resolve(&self) -> Result<NetworkPlan> {
        let (mode, without) = match &self.network {
            Some(Mode::None) => (NetworkMode::None, Some("none")),
            Some(Mode::Host) => (NetworkMode::Host, Some("host")),
            Some(Mode::Bridge) | None => (NetworkMode::Bridge(Bridge::default()), None),
            Some(Mode::Container(name)) => return Err(not_yet(name)),
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

    /// What they mean for one that joins `mode`, a network that is there.
    ///
    /// # Errors
    /// If something is asked of it that is for its owner to have.
    pub fn resolve_joined(&self, mode: NetworkMode) -> Result<NetworkPlan> {
        let conflict = match (&self.publish[..], &self.dns[..]) {
            ([], []) => {
                let (publish, dns) = (Vec::new(), Vec::new());
                return Ok(NetworkPlan { mode, publish, dns, is_default: false });
            }
            ([], _) => "dns and the network mode",
            _ => "port publishing and the container type network mode",
        };
        Err(Error::new(format!("conflicting options: {conflict}"))
            .with_hint("say it where the container is run whose network it is"))
    }
}

fn not_yet(name: &str) -> Error {
    let option = format!("--network container:{name}");
    Error::new(format!("{option} needs joined namespaces: they arrive in chapter-10"))
        .with_hint(format!("lab run chapter-10 {option} …"))
}
