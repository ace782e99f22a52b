//! The rules of [`crate::nat`] for `iptables-restore`, where there is no nft.
//!
//! Here tables are given (`nat`, `raw`, `filter`) and shared by everybody, so ours is a
//! *chain* in each, with a jump to it from the kernel's own chain. The name of a chain
//! tells our rules from others':
//!
//! ```text
//!   *nat
//!   :lab-3f9c0a1b2c4d                                           our chain
//!   -A lab-3f9c0a1b2c4d -d 127.0.0.1 -p tcp --dport 18080 -j DNAT …
//!   -A OUTPUT … -j lab-3f9c0a1b2c4d                             the jump to it
//!   COMMIT                                                      all of it, or nothing
//! ```

use std::net::Ipv4Addr;

use process::Result;

use super::lan::Lan;
use super::program;
use crate::publish::Published;

/// The program that we look for; `iptables-save` comes with it.
pub const PROGRAM: &str = "iptables-restore";

/// Marks the jumps, for people who list them.
const COMMENT: &str = r#"-m comment --comment "container lab""#;

/// The tables in which the bridge has a chain.
const TABLES: [&str; 3] = ["raw", "nat", "filter"];

/// Writes the bridge's chains.
pub fn join(lan: &Lan<'_>) -> Result<()> {
    let (name, subnet) = (lan.bridge, lan.subnet);
    let same = |other: &str| format!("-A {name} -i {other} -o {other} -j RETURN\n");
    let bridged: String =
        lan.older.iter().filter_map(|other| plain(&other.name)).map(same).collect();
    // The bridge's rules come first, before anything is accepted by others. The rest comes
    // last: whoever has switched on routing for their own links has accepted them.
    let between_others = if lan.was_router {
        String::new()
    } else {
        format!("-A FORWARD ! -i {name} ! -o {name} {COMMENT} -j {name}\n")
    };
    restore(&format!(
        "*raw\n\
         :{name} - [0:0]\n\
         -A {name} -i {name} -d 127.0.0.0/8 -j DROP\n\
         -A PREROUTING {COMMENT} -j {name}\n\
         COMMIT\n\
         *nat\n\
         :{name} - [0:0]\n\
         -A {name} -s {subnet} ! -o {name} -j MASQUERADE\n\
         -A {name} -o {name} -m conntrack --ctstate DNAT -s {subnet} -j MASQUERADE\n\
         -A {name} -o {name} -m conntrack --ctstate DNAT -s 127.0.0.0/8 -j MASQUERADE\n\
         -A POSTROUTING {COMMENT} -j {name}\n\
         COMMIT\n\
         *filter\n\
         :{name} - [0:0]\n\
         -A {name} -m conntrack --ctstate ESTABLISHED,RELATED,DNAT -j RETURN\n\
         {bridged}\
         -A {name} -j DROP\n\
         -I FORWARD ! -i {name} -o {name} {COMMENT} -j {name}\n\
         {between_others}\
         COMMIT\n"
    ))
}

/// A link's name, if it means itself here. A quote or a `!` would not, and `br+` is all that
/// begin so: better a bridge without a rule than a rule for others.
fn plain(name: &[u8]) -> Option<&str> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(byte);
    str::from_utf8(name).ok().filter(|_| name.iter().all(is_plain))
}

/// Writes a container's chain.
pub fn publish(name: &str, address: Ipv4Addr, ports: &[Published]) -> Result<()> {
    let mut text = format!("*nat\n:{name} - [0:0]\n");
    for port in ports {
        let host = match port.host.ip() {
            ip if ip.is_unspecified() => String::new(),
            ip => format!("-d {ip} "),
        };
        text += &format!(
            "-A {name} {host}-p {} --dport {} -j DNAT --to-destination {address}:{}\n",
            port.protocol.name(),
            port.host.port(),
            port.container,
        );
    }
    // Nobody elsewhere may call a loopback address of ours.
    text += &format!(
        "-A PREROUTING ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL {COMMENT} -j {name}\n\
         -A OUTPUT -m addrtype --dst-type LOCAL {COMMENT} -j {name}\n\
         COMMIT\n"
    );
    restore(&text)
}

/// Removes our chain, and the jumps to it, from every table that has it.
pub fn remove(name: &str) -> Result<()> {
    for table in TABLES {
        let rules = program::run("iptables-save", &["-t", table], "")?;
        if rules.lines().any(|line| line.starts_with(&format!(":{name} "))) {
            restore(&removal(table, name, &rules))?;
        }
    }
    Ok(())
}

/// What undoes all that a table says about a chain.
fn removal(table: &str, name: &str, rules: &str) -> String {
    let jump = format!(" -j {name}");
    let jumps: String = rules
        .lines()
        .filter(|line| line.ends_with(&jump))
        .filter_map(|line| line.strip_prefix("-A "))
        .map(|rule| format!("-D {rule}\n"))
        .collect();
    format!("*{table}\n{jumps}-F {name}\n-X {name}\nCOMMIT\n")
}

fn restore(text: &str) -> Result<()> {
    // Without "noflush" everybody else's rules would go; "wait" is for the lock that
    // all programs of the family share.
    program::run(PROGRAM, &["--noflush", "--wait"], text).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removal_touches_our_chain_and_no_other() {
        let rules = "*nat\n\
            :OUTPUT ACCEPT [0:0]\n\
            :lab0 - [0:0]\n\
            -A OUTPUT -m comment --comment \"container lab\" -j lab0\n\
            -A OUTPUT -j lab01\n\
            -A lab0 -o lab0 -j MASQUERADE\n\
            COMMIT\n";
        assert_eq!(
            removal("nat", "lab0", rules),
            "*nat\n\
             -D OUTPUT -m comment --comment \"container lab\" -j lab0\n\
             -F lab0\n-X lab0\nCOMMIT\n"
        );
    }
}
