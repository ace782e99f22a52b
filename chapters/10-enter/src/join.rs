//! What a container has of somebody else's: `--pid`, `--ipc`, `--network container:NAME`.
//!
//! A namespace has no owner among the processes in it. That a container has all of its own is
//! a habit, and for each kind there is another choice:
//!
//! ```text
//!                 its own        host              container:web
//!   --pid         1, 2, 3 …      all processes     web's: it is seen, and ends with web
//!   --ipc         empty          the host's        web's queues, and web's /dev/shm
//!   --network     eth0, a port   the host's        web's address: localhost leads to web
//! ```
//!
//! A container can keep its queues to itself, by `--ipc private`.
//!
//! Who has the same network, as two containers of a *pod* have, calls the other one by
//! `localhost`, and needs no port published in between.

use std::path::Path;

use mount_ns::{Mount, Mounts};
use net_ns::{Mode, NetworkOptions, another_container};
use process::{Error, Namespace, Result, find};
use serde::{Deserialize, Serialize};

/// The command-line options of chapter 10 about namespaces.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Chapter 10: joined namespaces")]
pub struct JoinOptions {
    /// Whose processes it is among: host, or container:NAME, with which it ends
    /// [default: its own]
    #[arg(long, value_name = "MODE", value_parser = |word: &str| Wanted::parse("PID", word, &[]))]
    pub pid: Option<Wanted>,

    /// Whose message queues and shared memory it has: host, or container:NAME; or its own:
    /// shareable, private, or none, which is private without /dev/shm [default: shareable]
    #[arg(long, value_name = "MODE", value_parser = IpcMode::parse)]
    pub ipc: Option<IpcMode>,
}

/// What `--ipc` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IpcMode {
    /// Its own.
    Own(OwnIpc),
    /// Somebody else's.
    Wanted(Wanted),
}

/// What a container has in an IPC namespace of its own, and for whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OwnIpc {
    /// For itself, and whoever joins it.
    #[default]
    Shareable,
    /// For itself.
    Private,
    /// For itself, and no `/dev/shm`.
    None,
}

impl IpcMode {
    fn parse(word: &str) -> Result<Self> {
        match word {
            "shareable" => Ok(Self::Own(OwnIpc::Shareable)),
            "private" => Ok(Self::Own(OwnIpc::Private)),
            "none" => Ok(Self::Own(OwnIpc::None)),
            _ => Wanted::parse("IPC", word, &["shareable", "private", "none"]).map(Self::Wanted),
        }
    }
}

/// What `--pid` takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The host's.
    Host,
    /// That of the container which is called so.
    Container(String),
}

impl Wanted {
    fn parse(what: &str, word: &str, others: &[&str]) -> Result<Self> {
        match word {
            "host" => Ok(Self::Host),
            _ => another_container(what, word, &[&["host"], others].concat())
                .map(|name| Self::Container(name.to_owned())),
        }
    }
}

/// Whose three kinds of namespaces are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// Processes.
    pub pid: Whose,
    /// Message queues and shared memory.
    pub ipc: Whose,
    /// Which those are, if they are its own.
    #[serde(default)]
    pub own_ipc: OwnIpc,
    /// The network. A host's is for chapter 5, as one of its own is.
    pub network: Whose,
}

/// Whose a namespace is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Whose {
    /// The container's own.
    #[default]
    Own,
    /// The host's.
    Host,
    /// That of another container.
    Container(Member),
}

/// A container that another one joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its id: twelve hexadecimal digits.
    pub id: String,
    /// What it was called by: its name, or a part of its id.
    pub name: String,
}

impl JoinOptions {
    /// Finds the containers that are meant.
    ///
    /// # Errors
    /// If one of them is not running.
    pub fn resolve(&self, network: &NetworkOptions) -> Result<Join> {
        let whose = |kind, wanted: Option<&Wanted>| match wanted {
            None => Ok(Whose::Own),
            Some(Wanted::Host) => Ok(Whose::Host),
            Some(Wanted::Container(name)) => Whose::called(kind, name),
        };
        let (own_ipc, others_ipc) = match &self.ipc {
            None => (OwnIpc::default(), None),
            Some(IpcMode::Own(own)) => (*own, None),
            Some(IpcMode::Wanted(wanted)) => (OwnIpc::default(), Some(wanted)),
        };
        let network = match &network.network {
            Some(Mode::Container(name)) => Whose::called(Namespace::Net, name)?,
            _ => Whose::Own,
        };
        Ok(Join {
            pid: whose(Namespace::Pid, self.pid.as_ref())?,
            ipc: whose(Namespace::Ipc, others_ipc)?,
            own_ipc,
            network,
        })
    }
}

impl Whose {
    /// Of the container that is called so; or of the one that it has joined itself.
    fn called(kind: Namespace, name: &str) -> Result<Self> {
        let found = find(name).map_err(|error| error.with_exit_code(Error::RUNTIME_FAILED))?;
        let joined = found.recorded()?.value::<Join>("join")?;
        if kind == Namespace::Ipc
            && joined.as_ref().is_some_and(|join| join.own_ipc != OwnIpc::Shareable)
        {
            return Err(Error::new(format!("container {name}: non-shareable IPC"))
                .with_hint("start it with --ipc shareable, or without --ipc"));
        }
        match joined.as_ref().map(|join| join.whose(kind)) {
            Some(Self::Container(owner)) if find(&owner.id).is_ok() => {
                Ok(Self::Container(owner.clone()))
            }
            Some(Self::Container(owner)) if kind == Namespace::Net => {
                let owner = &owner.name;
                Err(Error::new(format!("the network of {name} went with {owner}, whose it was")))
            }
            _ => Ok(Self::Container(Member { id: found.id, name: name.to_owned() })),
        }
    }
}

impl Join {
    /// The kinds that can be joined.
    pub(crate) const KINDS: [Namespace; 3] = [Namespace::Pid, Namespace::Ipc, Namespace::Net];

    /// What is mounted: no shared memory, if there shall be none.
    pub fn mounts(&self, mut mounts: Mounts) -> Mounts {
        let is_left_out =
            |mount: &Mount| self.own_ipc == OwnIpc::None && mount.target == Path::new("/dev/shm");
        mounts.filesystems.retain(|mount| !is_left_out(mount));
        mounts
    }

    /// The ids of those who are joined.
    pub fn members(&self) -> Vec<String> {
        let ids = Self::KINDS.into_iter().filter_map(|kind| match self.whose(kind) {
            Whose::Container(member) => Some(member.id.clone()),
            Whose::Own | Whose::Host => None,
        });
        ids.collect()
    }

    /// Whose one of the kinds is; all others are the container's own.
    pub fn whose(&self, kind: Namespace) -> &Whose {
        match kind {
            Namespace::Pid => &self.pid,
            Namespace::Ipc => &self.ipc,
            Namespace::Net => &self.network,
            _ => &Whose::Own,
        }
    }
}
