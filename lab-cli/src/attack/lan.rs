//! A machine beside the sandbox host, for attacks that reach beyond it.
//!
//! ```text
//!   another machine              the sandbox host             container, from chapter 5
//!     eth0  198.51.100.2 ───────── eth0  198.51.100.1    lab0 ───── eth0
//!     whatever it does not know goes to 198.51.100.1
//! ```
//!
//! It is a network namespace, in which this process is a guest at times.

use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsRawFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use net_ns::address;
use net_ns::netlink::Netlink;
use net_ns::sysctl::Sysctl;
use net_ns::veth::{ETH0, add_default_route};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkInfo, LinkMessage,
};
use nix::sched::{CloneFlags, setns, unshare};
use process::{Error, Result, Step};

/// The sandbox host's address.
pub const HOST: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);
/// The other machine's.
pub const MACHINE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 2);

/// How long the cable may take to carry: it is a second at most, on an idle host.
const PATIENCE: Duration = Duration::from_secs(10);

/// A machine that has a cable to the sandbox host. Dropping it removes both.
pub struct Lan {
    host: File,
    machine: File,
}

impl Lan {
    /// Makes the machine and the cable.
    pub fn new() -> Result<Self> {
        let host = this_network()?;
        unshare(CloneFlags::CLONE_NEWNET).step(|| "make a network for another machine")?;
        let lan = Self { machine: this_network()?, host };
        enter(&lan.host)?;
        lay_cable(&lan.machine)?;
        connect(HOST)?;
        lan.on_machine(|| {
            connect(MACHINE)?;
            add_default_route(&mut Netlink::open()?, HOST)?;
            wait_for_carrier()
        })?;
        wait_for_carrier()?;
        Ok(lan)
    }

    /// Does something on the other machine.
    pub fn on_machine<T>(&self, act: impl FnOnce() -> Result<T>) -> Result<T> {
        enter(&self.machine)?;
        let done = act();
        enter(&self.host)?;
        done
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        let mut cable = LinkMessage::default();
        cable.attributes.push(LinkAttribute::IfName(ETH0.to_owned()));
        let _ =
            Netlink::open().map(|mut netlink| netlink.change(RouteNetlinkMessage::DelLink(cable)));
    }
}

fn this_network() -> Result<File> {
    File::open("/proc/self/ns/net").step(|| "open /proc/self/ns/net")
}

fn enter(network: &File) -> Result<()> {
    setns(network, CloneFlags::CLONE_NEWNET).step(|| "change between the machines")
}

/// From this network to that of `machine`.
fn lay_cable(machine: &File) -> Result<()> {
    let mut far_end = LinkMessage::default();
    far_end.attributes.push(LinkAttribute::IfName(ETH0.to_owned()));
    far_end.attributes.push(LinkAttribute::NetNsFd(machine.as_raw_fd()));
    let mut cable = LinkMessage::default();
    cable.attributes.push(LinkAttribute::IfName(ETH0.to_owned()));
    cable.attributes.push(LinkAttribute::LinkInfo(vec![
        LinkInfo::Kind(InfoKind::Veth),
        LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(far_end))),
    ]));
    Netlink::open()?
        .create(RouteNetlinkMessage::NewLink(cable))
        .step(|| "lay a cable to another machine")
}

/// Gives this network's end of the cable an address, and a kernel's trust in IPv6
/// routers, which a careful administrator may have taken from new links.
fn connect(address: Ipv4Addr) -> Result<()> {
    let netlink = &mut Netlink::open()?;
    let link = netlink.link(ETH0).step(|| format!("look for {ETH0}"))?;
    let link = link.ok_or_else(|| Error::new(format!("there is no {ETH0}")))?;
    let sysctl = Sysctl::open()?;
    for (switch, value) in [("disable_ipv6", "0"), ("accept_ra", "1")] {
        // A kernel without IPv6 has none of them.
        let _ = sysctl.set(&format!("ipv6/conf/{ETH0}/{switch}"), value);
    }
    address::add(netlink, link.index, address, 24)?;
    netlink.set_up(link.index).step(|| format!("switch {ETH0} on"))
}

/// That there is somebody at the other end is noticed a moment after both ends are on.
fn wait_for_carrier() -> Result<()> {
    let netlink = &mut Netlink::open()?;
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        let link = netlink.link(ETH0).step(|| format!("look at {ETH0}"))?;
        if link.is_some_and(|link| link.carries) {
            return Ok(());
        }
        sleep(Duration::from_millis(1));
    }
    Err(Error::new("the cable to another machine does not carry"))
}
