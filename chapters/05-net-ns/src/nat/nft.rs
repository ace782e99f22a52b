//! The rules of [`crate::nat`] as JSON for `nft -j`, see libnftables-json(5).
//!
//! One call is one transaction: either all of it is in force, or nothing. In nft's own
//! language, the two tables are (`nft list ruleset` shows them while a container
//! runs):
//!
//! ```text
//!   table ip lab0 {
//!     chain guard       { type filter hook prerouting priority raw;
//!                         iifname lab0  ip daddr 127.0.0.0/8  drop }
//!     chain forward     { type filter hook forward priority filter;
//!                         ct state established,related  accept
//!                         ct status dnat  accept
//!                         iifname lab0  accept
//!                         oifname lab0  drop
//!                         iif < 7  oif < 7  drop              older than lab0, both
//!                         meta iifkind != bridge  meta oifkind != bridge  drop }
//!     chain postrouting { type nat hook postrouting priority srcnat;
//!                         ip saddr 10.76.0.0/22  oifname != lab0  masquerade
//!                         oifname lab0  ct status dnat  ip saddr 10.76.0.0/22  masquerade
//!                         oifname lab0  ct status dnat  ip saddr 127.0.0.0/8  masquerade }
//!   }
//!   table ip lab-3f9c0a1b2c4d {
//!     chain prerouting  { type nat hook prerouting priority dstnat; … }
//!     chain output      { type nat hook output priority dstnat;
//!                         ip daddr 127.0.0.1  tcp dport 18080  dnat to 10.76.0.23:80 }
//!   }
//! ```

use std::net::Ipv4Addr;

use process::Result;
use serde_json::{Value, json};

use super::lan::Lan;
use super::program;
use crate::link::Link;
use crate::publish::Published;

/// The program.
pub const PROGRAM: &str = "nft";

/// The priorities of hooks that the kernel names raw, dstnat, filter and srcnat.
const RAW: i32 = -300;
const DSTNAT: i32 = -100;
const FILTER: i32 = 0;
const SRCNAT: i32 = 100;

/// Writes the bridge's table.
pub fn join(lan: &Lan<'_>) -> Result<()> {
    let bridge = lan.bridge;
    let from_containers = is("==", ip("saddr"), prefix(lan.subnet.network(), lan.subnet.prefix()));
    let from_loopback = is("==", ip("saddr"), loopback());
    let from_bridge = is("==", meta("iifname"), json!(bridge));
    let to_bridge = is("==", meta("oifname"), json!(bridge));
    let elsewhere = is("!=", meta("oifname"), json!(bridge));
    let redirected = is("in", ct("status"), json!("dnat"));
    let for_loopback = is("==", ip("daddr"), loopback());
    let (accept, drop) = (json!({"accept": null}), json!({"drop": null}));
    let masquerade = json!({"masquerade": null});
    let mut commands = vec![
        table("add", bridge),
        chain(bridge, "guard", "filter", "prerouting", RAW),
        rule(bridge, "guard", &[&from_bridge, &for_loopback, &drop]),
        chain(bridge, "postrouting", "nat", "postrouting", SRCNAT),
        rule(bridge, "postrouting", &[&from_containers, &elsewhere, &masquerade]),
        rule(bridge, "postrouting", &[&to_bridge, &redirected, &from_containers, &masquerade]),
        rule(bridge, "postrouting", &[&to_bridge, &redirected, &from_loopback, &masquerade]),
        chain(bridge, "forward", "filter", "forward", FILTER),
    ];
    // An "accept" ends our chain; the others' at the same hook are still asked.
    let known = is("in", ct("state"), json!(["established", "related"]));
    commands.extend([
        rule(bridge, "forward", &[&known, &accept]),
        rule(bridge, "forward", &[&redirected, &accept]),
        rule(bridge, "forward", &[&from_bridge, &accept]),
        rule(bridge, "forward", &[&to_bridge, &drop]),
    ]);
    if !lan.was_router {
        let same = |other: &Link| {
            let link = |key| is("==", meta(key), json!(other.index));
            rule(bridge, "forward", &[&link("iif"), &link("oif"), &accept])
        };
        commands.extend(lan.older.iter().map(same));
        let is_older = |key| is("<", meta(key), json!(lan.index));
        let no_bridge = |key| is("!=", meta(key), json!("bridge"));
        commands.extend([
            rule(bridge, "forward", &[&is_older("iif"), &is_older("oif"), &drop]),
            rule(bridge, "forward", &[&no_bridge("iifkind"), &no_bridge("oifkind"), &drop]),
        ]);
    }
    run(commands)
}

/// Writes a container's table.
pub fn publish(name: &str, address: Ipv4Addr, ports: &[Published]) -> Result<()> {
    let mut commands = vec![
        table("add", name),
        chain(name, "prerouting", "nat", "prerouting", DSTNAT),
        chain(name, "output", "nat", "output", DSTNAT),
    ];
    for port in ports {
        let address_of_host = match port.host.ip() {
            // Any address that is the host's own.
            ip if ip.is_unspecified() => {
                is("==", json!({"fib": {"result": "type", "flags": ["daddr"]}}), json!("local"))
            }
            host => is("==", ip("daddr"), json!(host.to_string())),
        };
        let dport = json!({"payload": {"protocol": port.protocol.name(), "field": "dport"}});
        let dport = is("==", dport, json!(port.host.port()));
        let dnat = json!({"dnat": {"addr": address.to_string(), "port": port.container}});

        commands.push(rule(name, "output", &[&address_of_host, &dport, &dnat]));
        // Nobody elsewhere may call a loopback address of ours.
        if !port.host.ip().is_loopback() {
            let elsewhere = is("!=", ip("daddr"), loopback());
            let expressions = [&elsewhere, &address_of_host, &dport, &dnat];
            commands.push(rule(name, "prerouting", &expressions));
        }
    }
    run(commands)
}

/// Removes a table; it is no error if there is none.
pub fn remove(name: &str) -> Result<()> {
    // "add" does nothing to a table that is there, and makes one that can be deleted.
    run(vec![table("add", name), table("delete", name)])
}

fn run(commands: Vec<Value>) -> Result<()> {
    let text = json!({ "nftables": commands }).to_string();
    program::run(PROGRAM, &["-j", "-f", "-"], &text).map(drop)
}

fn table(verb: &str, name: &str) -> Value {
    json!({verb: {"table": {"family": "ip", "name": name}}})
}

fn chain(table: &str, name: &str, kind: &str, hook: &str, priority: i32) -> Value {
    json!({"add": {"chain": {
        "family": "ip", "table": table, "name": name,
        "type": kind, "hook": hook, "prio": priority, "policy": "accept",
    }}})
}

fn rule(table: &str, chain: &str, expressions: &[&Value]) -> Value {
    json!({"add": {"rule": {
        "family": "ip", "table": table, "chain": chain, "expr": expressions,
    }}})
}

fn is(operator: &str, left: Value, right: Value) -> Value {
    json!({"match": {"op": operator, "left": left, "right": right}})
}

fn ip(field: &str) -> Value {
    json!({"payload": {"protocol": "ip", "field": field}})
}

fn meta(key: &str) -> Value {
    json!({"meta": {"key": key}})
}

fn ct(key: &str) -> Value {
    json!({"ct": {"key": key}})
}

fn prefix(address: Ipv4Addr, length: u8) -> Value {
    json!({"prefix": {"addr": address.to_string(), "len": length}})
}

fn loopback() -> Value {
    prefix(Ipv4Addr::new(127, 0, 0, 0), 8)
}
