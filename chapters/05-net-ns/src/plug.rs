//! A container's place on the bridge: what the kernel does not free by itself.
//!
//! The cable goes with the namespace, unless somebody else is in that as well (chapter 10):
//! who joins it leaves word in the record, and then the cable is cut. The address, the rules for published ports and,
//! with the last container, the bridge have to be given back. All three are found
//! again by the container's id (as a MAC address, in a table's name), so the record on disk
//! has two lines: which program wrote the rules, if any, and which bridge it is.

use std::fs::{self, File};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use process::{Error, Kind, Result, State, Step, Turn};

use crate::bridge::{self, Bridge, Switch};
use crate::nat::{self, Nat};
use crate::netlink::Netlink;
use crate::pool::{self, Mac};
use crate::publish::{Publish, Published};
use crate::sysctl::Sysctl;
use crate::{forwarding, lock, veth};

/// The name of that record.
const RECORD: &str = "network";

/// The name of the word that others are in its network as well.
const GUESTS: &str = "network-guests";

/// What a network is among a container's parts.
pub const KIND: Kind = Kind { turn: Turn::Ways, sweep };

/// A place on the bridge.
#[derive(Debug)]
pub struct Plug {
    /// The container's.
    pub id: String,
    record: PathBuf,
    rules: Option<Nat>,
    /// The inner link's.
    pub mac: Mac,
    /// The inner link's.
    pub address: Ipv4Addr,
    /// Where the outer link belongs.
    pub bridge: Switch,
    /// The ports of the host that lead here.
    pub ports: Vec<Published>,
    /// The switches of either side's network.
    pub sysctl: Sysctl,
}

impl Plug {
    /// Takes everything that can be had before there is a namespace.
    pub fn take(on: &Bridge, wishes: &[Publish], state: &State) -> Result<Self> {
        let nat = Nat::find();
        if let (None, Some(port)) = (nat, wishes.first()) {
            return Err(Error::new(format!("publish {port}: neither nft nor iptables is in PATH"))
                .with_hint("install the package nftables"));
        }
        let ports = Published::reserve_all(wishes)?;
        let mac = Mac::of(state.id())?;
        let sysctl = Sysctl::open()?;
        let _lock = lock::lock()?;
        let netlink = &mut Netlink::open()?;
        let rules = nat.filter(|_| !ports.is_empty());
        state.record(RECORD, format!("{}\n{}\n", rules.map_or("", Nat::name), on.name))?;
        let record = state.dir().join(RECORD);
        let mut written = None; // nothing that has to be removed yet
        let made = on.ensure(netlink, nat).and_then(|bridge| {
            let address = pool::take(netlink, bridge.index, bridge.subnet, mac)?;
            if let Some(nat) = rules {
                forwarding::allow_loopback_through(&on.name)?;
                written = Some(nat);
                nat.publish(state.id(), address, &ports)?;
            }
            Ok((bridge, address))
        });
        match made {
            Ok((bridge, address)) => {
                let id = state.id().to_owned();
                Ok(Self { id, record, rules, mac, address, bridge, ports, sysctl })
            }
            Err(error) => {
                if release(state.id(), &on.name, written).is_ok() {
                    let _ = fs::remove_file(record);
                }
                Err(error)
            }
        }
    }

    /// Leaves word in a container's record, if it has a cable, that its network will not go
    /// with it.
    ///
    /// # Errors
    /// If it has no record any more.
    pub fn tell_of_guest(record: &Path) -> Result<()> {
        let plug = record.join(RECORD);
        if !plug.try_exists().step(|| format!("look for {}", plug.display()))? {
            return Ok(());
        }
        let path = record.join(GUESTS);
        File::create(&path).map(drop).step(|| format!("write {}", path.display()))
    }

    /// What the user should know, a line each.
    pub fn notes(&self) -> Vec<String> {
        let outside = self.bridge.nat.is_none().then(|| {
            "the container cannot reach the outside: neither nft nor iptables is in PATH; \
             install the package nftables"
                .to_owned()
        });
        let random = self.ports.iter().filter(|port| port.is_random);
        outside.into_iter().chain(random.map(|port| format!("published {port}"))).collect()
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        let guests = self.record.with_file_name(GUESTS);
        let released = lock::lock().and_then(|_lock| {
            if guests.exists() {
                cut(&self.id)?;
            }
            release(&self.id, &self.bridge.name, self.rules)
        });
        if released.is_ok() {
            let _ = fs::remove_file(&guests);
            let _ = fs::remove_file(&self.record);
        }
    }
}

/// Removes what a container that was killed has left on the host's network.
///
/// # Errors
/// If something cannot be removed; then its record stays.
fn sweep(state: &State) -> Result<Vec<String>> {
    let has_guests = state.recorded(GUESTS)?.is_some();
    let Some(record) = state.recorded(RECORD)? else {
        return state.forget(GUESTS).map(|()| Vec::new());
    };
    let _lock = lock::lock()?;
    if has_guests {
        cut(state.id())?;
    }
    let record = String::from_utf8_lossy(&record);
    let mut lines = record.lines();
    let rules = lines.next().and_then(Nat::named);
    // Earlier runtimes had one bridge, and did not write down which.
    let bridge = lines.next().map_or_else(|| Bridge::default().name, str::to_owned);
    let removed = release(state.id(), &bridge, rules)?;
    state.forget(GUESTS)?;
    state.forget(RECORD)?;
    Ok(removed)
}

/// Takes the cable out of a network that lives on: the next one gets its address.
fn cut(id: &str) -> Result<()> {
    veth::remove(&mut Netlink::open()?, id)
}

/// Gives back all that a container has, made or half made. The caller holds the lock.
///
/// The address goes after the rules that point to it, and the bridge after all.
fn release(id: &str, bridge: &str, rules: Option<Nat>) -> Result<Vec<String>> {
    let netlink = &mut Netlink::open()?;
    let owner = Mac::of(id)?;
    let mut removed = Vec::new();
    if let Some(nat) = rules {
        nat.unpublish(id)?;
        removed.push(format!("published ports: {}", nat::table(id)));
    }
    let Some(link) = bridge::find(netlink, bridge)? else { return Ok(removed) };
    let claims = pool::claims(netlink, link.index)?;
    for claim in claims.iter().filter(|claim| claim.owner == owner) {
        pool::give_back(netlink, link.index, *claim)?;
        removed.push(format!("address {}", claim.address));
    }
    if claims.iter().all(|claim| claim.owner == owner) {
        bridge::remove(netlink, bridge, &link)?;
        removed.push(format!("bridge {bridge}"));
    }
    Ok(removed)
}
