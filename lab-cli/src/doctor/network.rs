//! The network: a bridge and a cable, really made, and who can lead packets on.

use net_ns::netlink::Netlink;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, LinkAttribute, LinkInfo, LinkMessage,
};
use nix::errno::Errno;
use nix::unistd::{AccessFlags, access};
use process::{CloneFlags, Error, Result, Step};

use super::check::{Check, Finding, from};
use super::distribution::Package;
use super::host::{Host, Program, find, number};
use super::modules::{self, Modules};
use super::trial::{attempt, isolate};
use super::{netfilter, restrictions};

/// What makes taps.
const TUN: &str = "/dev/net/tun";

const IP_FORWARD: &str = "/proc/sys/net/ipv4/ip_forward";

/// Bridge, address translation, forwarding, and the ways out without root.
pub fn checks(host: &Host) -> Vec<Check> {
    let bridge = bridge(host);
    let rules = match bridge.result {
        // No container gets so far as to need any.
        Finding::Limited => netfilter::without_bridge(),
        _ => netfilter::check(host),
    };
    vec![bridge, rules, forwarding(host), rootless_network(host)]
}

fn bridge(host: &Host) -> Check {
    let name = "bridge and veth";
    let check = match modules::look(&["bridge", "veth"]) {
        Modules::AtFirstUse(modules) => {
            Check::works(name, format!("not tried: {modules} are modules, loaded at first use"))
        }
        Modules::LockedOut(modules) => {
            Check::missing(name, format!("{modules} are not loaded, and loading is locked"))
                .fix(host.as_root("reboot"))
        }
        Modules::Ready => match attempt(make_bridge) {
            Ok(seen) => Check::works(name, seen),
            Err(refusal) => {
                let fix = restrictions::fix_of(host, &refusal);
                // Then there is a note, and no network.
                match refusal.errno() {
                    Some(Errno::EPERM | Errno::EACCES) => {
                        Check::limited(name, format!("{}: no network", refusal.text))
                    }
                    _ => Check::missing(name, refusal.text),
                }
                .fix(fix)
            }
        },
    };
    check.chapters(from(5)).required()
}

/// In a child: a bridge, and a cable that is plugged into it.
fn make_bridge() -> Result<String> {
    isolate(CloneFlags::CLONE_NEWNET)?;
    let netlink = &mut Netlink::open()?;
    let mut bridge = LinkMessage::default();
    bridge.attributes.extend([
        LinkAttribute::IfName("bridge".to_owned()),
        LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]),
    ]);
    netlink.create(RouteNetlinkMessage::NewLink(bridge)).step(|| "make a bridge")?;
    let bridge = netlink.link("bridge").step(|| "find the bridge again")?;
    let bridge = bridge.ok_or_else(|| Error::new("the bridge is gone again"))?;

    let mut inner = LinkMessage::default();
    inner.attributes.push(LinkAttribute::IfName("inner".to_owned()));
    let mut outer = LinkMessage::default();
    outer.attributes.extend([
        LinkAttribute::IfName("outer".to_owned()),
        LinkAttribute::Controller(bridge.index),
        LinkAttribute::LinkInfo(vec![
            LinkInfo::Kind(InfoKind::Veth),
            LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(inner))),
        ]),
    ]);
    netlink.create(RouteNetlinkMessage::NewLink(outer)).step(|| "plug a cable into the bridge")?;
    Ok("made, and joined".to_owned())
}

/// Where there is a packet filter, `lab` makes the host a router while a bridge is there,
/// and it has other switches to set. If it cannot, there is a note and no network. Each
/// network namespace has its own switches.
fn forwarding(host: &Host) -> Check {
    let name = "forwarding";
    let writable = access(IP_FORWARD, AccessFlags::W_OK);
    let check = match (number(IP_FORWARD), writable) {
        (None, _) => Check::limited(name, format!("{IP_FORWARD} cannot be read"))
            .fix(host.as_root("mount -t proc proc /proc")),
        (Some(0), _) if !host.is_root => {
            Check::works(name, "off; the network of a user namespace has its own switch")
        }
        (Some(_), Err(Errno::EROFS)) if host.is_root => {
            Check::limited(name, "/proc/sys is read-only: no network")
                .fix(host.as_root("mount -o remount,rw /proc/sys"))
        }
        (Some(0), Err(_)) => Check::limited(name, "off, and cannot be switched on: no network")
            .fix(host.as_root("sysctl -w net.ipv4.ip_forward=1")),
        (Some(0), Ok(())) => Check::works(name, "off; lab switches it on with its bridge"),
        (Some(_), _) => Check::works(name, "on"),
    };
    check.chapters(from(5))
}

/// A cable from a user namespace ends in it: the outside is reached through a program,
/// and that by a tap.
fn rootless_network(host: &Host) -> Check {
    let name = "pasta, slirp4netns";
    let found = ["pasta", "slirp4netns"].into_iter().find_map(|name| match find(name) {
        Program::InPath(path) => Some(path),
        _ => None,
    });
    let check = match found {
        Some(path) => match access(TUN, AccessFlags::R_OK | AccessFlags::W_OK) {
            Ok(()) => Check::works(name, format!("{}", path.display())),
            Err(errno) => {
                let fix = match errno {
                    Errno::EACCES => format!("chmod 666 {TUN}"),
                    _ => "modprobe tun".to_owned(),
                };
                Check::limited(name, format!("{} cannot open {TUN}", path.display()))
                    .fix(host.as_root(&fix))
            }
        },
        None => {
            let install = host.distribution.install(Package::Passt);
            let seen = "neither is in PATH; without root, containers stay among themselves";
            Check::missing(name, seen).fix(host.as_root(&install))
        }
    };
    check.chapters(from(5))
}
