//! Other containers' namespaces, held open while a new container is born into them.
//!
//! A container that is joined may end at any moment, and its number, its name and its files be
//! somebody else's. So each is held by a [`Target`] from the first look on, its namespaces are
//! opened through that, and once the new container is in them, it is asked whether the other
//! one was alive all the time.
//!
//! With that come its users: see `their_users.rs`.

use std::os::fd::{BorrowedFd, OwnedFd};

use mount_ns::{Mount, Mounts, Root};
use net_ns::{Network, NetworkMode, NetworkOptions, NetworkPlan, Plug};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::unistd::Pid;
use process::{
    Birth, CloneArgs, CloneFlags, Error, GoBetween, Namespace, Part, Result, State, find, record,
};
use user_ns::{UserOptions, Users};
use uts_ipc::{EtcFiles, NameOptions, Names};

use crate::{Join, Member, SharedMemory, Stragglers, Target, Whose, have_the_same_users, users_of};

/// The files in /etc that tell of the network.
const ETC: [&str; 3] = ["hostname", "hosts", "resolv.conf"];

/// The namespaces that a container does not get of its own.
#[derive(Debug, Default)]
pub struct Joined {
    /// Who is joined, and for what.
    others: Vec<(Namespace, Member, Target)>,
    /// Their namespaces, which the container is born in: their users first.
    inside: Vec<(Namespace, OwnedFd)>,
    /// Those that are the host's.
    hosts: Vec<Namespace>,
    /// What comes with that: the users.
    users: Option<Users>,
    shared_memory: Option<SharedMemory>,
}

impl Joined {
    /// Holds all who are joined.
    ///
    /// # Errors
    /// If one of them has ended, or they have different users.
    pub fn open(join: &Join) -> Result<Self> {
        let mut joined = Self::default();
        for kind in Join::KINDS {
            match join.whose(kind) {
                Whose::Own => {}
                Whose::Host => joined.hosts.push(kind),
                Whose::Container(member) => joined.hold(kind, member)?,
            }
        }
        let users = joined.others.first().map(|(_, _, target)| users_of(target)).transpose();
        joined.users = users.map_err(|error| joined.explain(error))?;
        if let (Some(Users::Theirs(_)), [(_, _, target), ..]) = (&joined.users, &*joined.others) {
            let users = target.open(Namespace::User.file(), OFlag::O_RDONLY)?;
            joined.inside.insert(0, (Namespace::User, users));
        }
        Ok(joined)
    }

    fn hold(&mut self, kind: Namespace, member: &Member) -> Result<()> {
        let is_gone = |error: &Error| matches!(error.errno(), None | Some(Errno::ENOENT));
        let ended = |error| if is_gone(&error) { ended(member) } else { error };
        let target = Target::of(&find(&member.id).map_err(ended)?)
            .map_err(|error| error.with_exit_code(Error::RUNTIME_FAILED))?;
        if let Some((_, first, other)) = self.others.first()
            && !have_the_same_users(other, &target)?
        {
            let (one, two) = (&first.name, &member.name);
            return Err(Error::new(format!("join both {one} and {two}: their users differ"))
                .with_hint(
                    "who joins a container has its users, and a process is in one user \
                     namespace only: let one of the two join the other",
                ));
        }
        if target.has_own(kind)? {
            self.inside.push((kind, target.open(kind.file(), OFlag::O_RDONLY)?));
            match kind {
                Namespace::Ipc => self.shared_memory = Some(SharedMemory::of(&target)?),
                Namespace::Net => Plug::tell_of_guest(&record::of(&member.id)).map_err(ended)?,
                _ => {}
            }
        } else {
            // The other one has the host's, so that is what both have then.
            self.hosts.push(kind);
        }
        self.others.push((kind, member.clone(), target));
        Ok(())
    }

    // ANCHOR: birth
    /// How the container comes into the world, if all that is its own is made by these flags.
    pub fn birth<'a>(&'a self, all: CloneFlags, cgroup: Option<BorrowedFd<'a>>) -> Birth<'a> {
        let not_made = self.inside.iter().map(|(kind, _)| kind).chain(&self.hosts);
        let not_made: CloneFlags = not_made.map(|kind| kind.flag()).collect();
        let sent = (!self.inside.is_empty()).then_some(&self.inside as &dyn GoBetween);
        Birth { args: CloneArgs { flags: all - not_made, cgroup }, sent }
    }
    // ANCHOR_END: birth

    /// Its users.
    ///
    /// # Errors
    /// If others are asked for than whoever is joined has.
    pub fn users(&self, options: &UserOptions) -> Result<Users> {
        match (&self.users, self.others.first()) {
            (Some(Users::Theirs(_)), Some((_, member, _)))
                if options.userns == user_ns::Mode::Host =>
            {
                let what = format!("--userns host and the users of {}", member.name);
                Err(Error::new(format!("conflicting options: {what}"))
                    .with_hint("who joins a container has its users: they have the power over it"))
            }
            (Some(users), _) => Ok(users.clone()),
            (None, _) => options.resolve(),
        }
    }

    /// What is mounted: the host's own files, for what is the host's.
    pub fn mounts(&self, mut mounts: Mounts, users: &Users) -> Mounts {
        let shows_hosts = |mount: &Mount| match mount.target.to_str() {
            // A new one can only be mounted by who has the power over these processes.
            Some("/proc") => self.hosts.contains(&Namespace::Pid) && *users != Users::Host,
            Some("/dev/shm") => self.hosts.contains(&Namespace::Ipc) && mount.target.exists(),
            _ => false,
        };
        for mount in mounts.filesystems.iter_mut().filter(|mount| shows_hosts(mount)) {
            *mount = Mount::bind(&mount.target, &mount.target, "");
        }
        mounts
    }

    /// Its network.
    ///
    /// # Errors
    /// If the options contradict each other.
    pub fn network(&self, options: &NetworkOptions) -> Result<NetworkPlan> {
        match self.other(Namespace::Net) {
            None => options.resolve(),
            Some((member, _)) => options.resolve_joined(if self.hosts.contains(&Namespace::Net) {
                NetworkMode::Host
            } else {
                NetworkMode::Container(member.id.clone())
            }),
        }
    }

    /// What it is called: in another one's network, as that one is.
    ///
    /// # Errors
    /// If it shall be called otherwise.
    pub fn names(&self, options: &NameOptions, id: &str) -> Result<Names> {
        let Some((_, target)) = self.other(Namespace::Net) else { return options.resolve(id) };
        let conflict = match options {
            NameOptions { hostname: None, domainname: None, add_host, .. }
                if add_host.is_empty() =>
            {
                return target.recorded("names")?.map_or_else(|| options.resolve(id), Ok);
            }
            NameOptions { hostname: None, domainname: None, .. } => "custom host-to-IP mapping",
            _ => "hostname",
        };
        Err(Error::new(format!("conflicting options: {conflict} and the network mode"))
            .with_hint("in another container's network, it is called as that one is"))
    }

    /// What its /etc says of its names and its network: in another one's, the same files.
    ///
    /// # Errors
    /// If its own cannot be written.
    pub fn etc(&self, network: &Network, names: &Names, state: &State) -> Result<EtcFiles> {
        match self.other(Namespace::Net) {
            Some((member, _)) if !self.hosts.contains(&Namespace::Net) => {
                self.check()?;
                Ok(EtcFiles::of_another(&record::of(&member.id), &ETC))
            }
            _ => EtcFiles::write(&network.etc_files(names)?, state),
        }
    }

    /// In the container: shows the shared memory of whose queues it has.
    ///
    /// # Errors
    /// If that cannot be reached.
    pub fn show_shared_memory(&self, root: &Root) -> Result<()> {
        self.shared_memory.as_ref().map_or(Ok(()), |memory| memory.show(root))
    }

    /// In the runtime, when the container has been born: whether all who are joined have been
    /// there until then.
    ///
    /// # Errors
    /// If one of them has ended.
    pub fn check(&self) -> Result<()> {
        self.others.iter().try_for_each(|(_, member, target)| {
            if target.has_ended()? { Err(ended(member)) } else { Ok(()) }
        })
    }

    /// What to say of a failure. If somebody has ended meanwhile, that is why.
    pub fn explain(&self, error: Error) -> Error {
        self.check().err().unwrap_or(error)
    }

    /// Lets go of the others, and adds to the container's parts what is to be said, and, where
    /// its first process takes nobody along when it ends, who else is of it.
    pub fn leave(self, mut parts: Vec<Box<dyn Part>>, first: Pid) -> Vec<Box<dyn Part>> {
        let mut remarks = Vec::new();
        if let (Some((_, member, _)), Some(Users::Host)) = (self.others.first(), &self.users) {
            remarks.push(format!("its users are the host's, as those of {} are", member.name));
        }
        for (kind, member, _) in self.others.iter().filter(|it| self.hosts.contains(&it.0)) {
            let name = &member.name;
            remarks.push(match kind {
                Namespace::Pid => format!("its processes are the host's, as those of {name} are"),
                Namespace::Ipc => {
                    format!("its message queues are the host's, as those of {name} are")
                }
                _ => format!("its network is the host's, as that of {name} is"),
            });
        }
        parts.push(Box::new(Remarks(remarks)));
        if self.hosts.contains(&Namespace::Pid) || self.other(Namespace::Pid).is_some() {
            parts.extend(Stragglers::of(first).map(|it| Box::new(it) as Box<dyn Part>));
        }
        parts
    }

    fn other(&self, kind: Namespace) -> Option<(&Member, &Target)> {
        self.others.iter().find(|it| it.0 == kind).map(|it| (&it.1, &it.2))
    }
}

/// What the user should know, a line each.
#[derive(Debug)]
struct Remarks(Vec<String>);

impl Part for Remarks {
    fn notes(&self) -> Vec<String> {
        self.0.clone()
    }
}

fn ended(member: &Member) -> Error {
    Error::new(format!("the container {} has ended", member.name))
}
