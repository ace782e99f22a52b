//! A network of the container's own: `CLONE_NEWNET`, and what has to follow.
//!
//! A new network namespace has links, addresses, routes, ports and packet filters of
//! its own. See network_namespaces(7): it starts with nothing but a loopback link, and that
//! is switched off. A process in it can talk to nobody, not even to itself.
//!
//! ```text
//!   --network none     the namespace, and lo switched on
//!   --network bridge   and a cable to the host's bridge, an address, a way out
//!   --network host     no namespace: the host's network
//! ```
//!
//! Both sides have a part in it, and the order is the kernel's. Ports, bridge and
//! address are taken before the clone, where an error costs nothing; the cable needs
//! a namespace to end in; and only inside can one give its end an address.

use nix::errno::Errno;
use nix::unistd::Pid;
use process::{CloneFlags, Error, Kind, Part, Result, State};
use uts_ipc::{Addresses, EtcFile, Names};

use crate::{KIND, Netlink, NetworkMode, NetworkPlan, Plug, resolv_conf, veth};

/// A container's network. Dropping it removes what the kernel does not free itself.
#[derive(Debug)]
pub struct Network {
    mode: NetworkMode,
    plug: Option<Plug>,
    resolv_conf: Vec<u8>,
    /// Why the bridge that everybody gets could not be had.
    refusal: Option<Error>,
}

impl Network {
    /// In the runtime, before the clone: takes ports, a bridge and an address.
    ///
    /// # Errors
    /// If a port is in use, or the host refuses one of them; nothing is left then.
    pub fn prepare(plan: &NetworkPlan, state: &State) -> Result<Self> {
        let resolv_conf = resolv_conf(plan)?;
        let network = Self { mode: plan.mode.clone(), plug: None, resolv_conf, refusal: None };
        let NetworkMode::Bridge(bridge) = &plan.mode else { return Ok(network) };
        match Plug::take(bridge, &plan.publish, state) {
            Ok(plug) => Ok(Self { plug: Some(plug), ..network }),
            // Who has not asked for a network can do without.
            Err(error) if plan.is_default && is_refusal(&error)? => {
                let without = NetworkPlan { mode: NetworkMode::None, ..plan.clone() };
                Ok(Self { refusal: Some(error), ..Self::prepare(&without, state)? })
            }
            Err(error) => Err(error),
        }
    }

    /// The namespace to make.
    pub fn flags(&self) -> CloneFlags {
        match self.mode {
            NetworkMode::Host | NetworkMode::Container(_) => CloneFlags::empty(),
            NetworkMode::None | NetworkMode::Bridge(_) => CloneFlags::CLONE_NEWNET,
        }
    }

    /// In the runtime, after the clone: lays the cable.
    pub fn attach(&self, pid: Pid) -> Result<()> {
        let Some(plug) = &self.plug else { return Ok(()) };
        let netlink = &mut Netlink::open()?;
        veth::create(netlink, &plug.id, plug.bridge.index, pid, plug.mac)?;
        let mut laid = veth::set_up(netlink, &plug.sysctl, &plug.id);
        if laid.is_ok() && !plug.ports.is_empty() {
            laid = veth::allow_hairpin(netlink, &plug.id);
        }
        match laid {
            // The namespace has gone with the child, and the cable with both. Why the child
            // has ended, it says itself.
            Err(_) if !veth::is_there(netlink, &plug.id)? => Ok(()),
            laid => laid,
        }
    }

    /// In the container: switches the links on and sets address and route.
    pub fn configure_inside(&self) -> Result<()> {
        if matches!(self.mode, NetworkMode::Host | NetworkMode::Container(_)) {
            return Ok(());
        }
        let netlink = &mut Netlink::open()?;
        match veth::set_up_loopback(netlink) {
            // A root without CAP_NET_ADMIN, as in somebody else's container, has it only
            // where the network belongs to a user namespace of the container's own.
            Err(_) if self.mode == NetworkMode::None && !netlink.may_change()? => return Ok(()),
            done => done?,
        }
        match &self.plug {
            Some(plug) => veth::configure(netlink, &plug.sysctl, plug.address, plug.bridge.subnet),
            None => Ok(()),
        }
    }

    /// What the container's /etc says: its names, at its address, and who resolves others.
    ///
    /// # Errors
    /// If a name shall lead to the host, and no address does.
    pub fn etc_files(&self, names: &Names) -> Result<Vec<EtcFile>> {
        let addresses = match (&self.mode, &self.plug) {
            (NetworkMode::Host, _) => Addresses::OF_HOST,
            (_, plug) => Addresses {
                own: plug.as_ref().map(|plug| plug.address),
                host: plug.as_ref().map(|plug| plug.bridge.subnet.gateway()),
            },
        };
        let mut files = names.etc_files(addresses)?;
        files.push(("resolv.conf", self.resolv_conf.clone()));
        Ok(files)
    }
}

impl Part for Network {
    fn kind(&self) -> Option<Kind> {
        Some(KIND)
    }

    fn notes(&self) -> Vec<String> {
        let refused = self.refusal.iter();
        let refused = refused.map(|error| format!("the container has no network: {error}"));
        refused.chain(self.plug.iter().flat_map(Plug::notes)).collect()
    }
}

/// Whether it is known that a bridge cannot be had here, and why.
///
/// `EPERM` alone says too little: so the kernel is asked whether it refuses everything.
fn is_refusal(error: &Error) -> Result<bool> {
    match error.errno() {
        Some(Errno::EPERM | Errno::EACCES) => Ok(!Netlink::open()?.may_change()?),
        // /proc/sys is read-only; the kernel has no bridge.
        errno => Ok(matches!(errno, Some(Errno::EROFS | Errno::EOPNOTSUPP))),
    }
}

/// Switches the loopback link of this network namespace on, which is born down.
pub fn set_up_loopback() -> Result<()> {
    veth::set_up_loopback(&mut Netlink::open()?)
}
