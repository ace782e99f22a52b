//! Who answers for names: /etc/resolv.conf.
//!
//! The C library of the container reads it, so it has to name servers that the
//! *container* can reach. Many hosts run a server of their own on 127.0.0.53; inside,
//! that address is the container itself, where nobody listens.
//!
//! Here is only said what the file shall say. Writing it is for the runtime, which knows
//! the root: over the host's own file it must never be written.

use std::fs;
use std::io::ErrorKind;
use std::net::IpAddr;

use process::{Result, Step};

/// The host's own.
const HOST: &str = "/etc/resolv.conf";

/// The servers behind systemd's on 127.0.0.53.
const BEHIND_SYSTEMD: &str = "/run/systemd/resolve/resolv.conf";

/// The host's settings, as they are. A host without any is fine.
pub fn of_host() -> Result<String> {
    read(HOST)
}

/// The host's settings without the servers that a container cannot reach.
pub fn for_container() -> Result<String> {
    let reachable = without_loopback(&of_host()?);
    if has_server(&reachable) {
        return Ok(reachable);
    }
    // Docker would fall back to servers of Google here. Whom to ask is not ours to
    // choose: then there is none.
    let behind = without_loopback(&read(BEHIND_SYSTEMD)?);
    Ok(if has_server(&behind) { behind } else { reachable })
}

fn read(path: &str) -> Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(String::new()),
        text => text.step(|| format!("read {path}")),
    }
}

fn without_loopback(text: &str) -> String {
    let is_kept = |line: &&str| server(line).is_none_or(|server| !server.is_loopback());
    text.lines().filter(is_kept).map(|line| format!("{line}\n")).collect()
}

fn has_server(text: &str) -> bool {
    text.lines().any(|line| server(line).is_some())
}

/// The address in `nameserver ADDRESS`. An IPv6 one may name a link: `fe80::1%eth0`.
fn server(line: &str) -> Option<IpAddr> {
    let mut words = line.split_whitespace();
    let address = (words.next() == Some("nameserver")).then(|| words.next()).flatten()?;
    address.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_loopback_are_left_out() {
        let host = "search example.org\nnameserver 127.0.0.53\nnameserver ::1\n\
                    nameserver 192.0.2.53\noptions edns0\n";
        assert_eq!(
            without_loopback(host),
            "search example.org\nnameserver 192.0.2.53\noptions edns0\n"
        );
    }
}
