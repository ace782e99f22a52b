//! Who answers for names: /etc/resolv.conf.
//!
//! The C library of the container reads it, so it has to name servers that the
//! *container* can reach. Many hosts run a server of their own on 127.0.0.53; inside,
//! that address is the container itself, where nobody listens.
//!
//! Here is only said what the file shall say. Writing it is for the runtime, which knows
//! the root: over the host's own file it must never be written.

use std::io::ErrorKind;
use std::net::IpAddr;

use process::{Result, Step, plain_file};

use crate::{NetworkMode, NetworkPlan};

/// The host's own.
const HOST: &str = "/etc/resolv.conf";

/// The servers behind systemd's on 127.0.0.53.
const BEHIND_SYSTEMD: &str = "/run/systemd/resolve/resolv.conf";

/// What a container's shall say.
///
/// # Errors
/// If the host's cannot be read.
pub fn resolv_conf(plan: &NetworkPlan) -> Result<Vec<u8>> {
    if !plan.dns.is_empty() {
        return Ok(with_servers(&plan.dns, &resolv_conf_of_host()?));
    }
    match plan.mode {
        // Another one has said it already.
        NetworkMode::None | NetworkMode::Container(_) => Ok(Vec::new()),
        NetworkMode::Host => resolv_conf_of_host(),
        NetworkMode::Bridge(_) => resolv_conf_for_container(),
    }
}

/// The host's settings, as they are: bytes, whose meaning is the C library's business. A
/// host without any is fine.
fn resolv_conf_of_host() -> Result<Vec<u8>> {
    read(HOST)
}

/// The host's settings without the servers that a container cannot reach.
fn resolv_conf_for_container() -> Result<Vec<u8>> {
    let reachable = without_loopback(&resolv_conf_of_host()?);
    if has_server(&reachable) {
        return Ok(reachable);
    }
    // Docker would fall back to servers of Google here. Whom to ask is not ours to
    // choose: then there is none.
    let behind = without_loopback(&read(BEHIND_SYSTEMD)?);
    Ok(if has_server(&behind) { behind } else { reachable })
}

/// Settings with these servers instead of their own.
fn with_servers(servers: &[IpAddr], text: &[u8]) -> Vec<u8> {
    let servers: String = servers.iter().map(|server| format!("nameserver {server}\n")).collect();
    let others = lines(text).filter(|line| server(line).is_none());
    std::iter::once(servers.as_bytes()).chain(others).collect::<Vec<_>>().concat()
}

fn read(path: &str) -> Result<Vec<u8>> {
    match plain_file::read_linked(path.as_ref()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        text => text.step(|| format!("read {path}")),
    }
}

fn without_loopback(text: &[u8]) -> Vec<u8> {
    let is_kept = |line: &&[u8]| server(line).is_none_or(|server| !server.is_loopback());
    lines(text).filter(is_kept).collect::<Vec<_>>().concat()
}

fn has_server(text: &[u8]) -> bool {
    lines(text).any(|line| server(line).is_some())
}

/// The lines, each with its end.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|byte| *byte == b'\n')
}

/// The address in `nameserver ADDRESS`. An IPv6 one may name a link: `fe80::1%eth0`.
fn server(line: &[u8]) -> Option<IpAddr> {
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    let mut words = line.split(is_space).filter(|word| !word.is_empty());
    let address = (words.next() == Some(b"nameserver")).then(|| words.next()).flatten()?;
    let address = address.split(|byte| *byte == b'%').next()?;
    std::str::from_utf8(address).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_loopback_are_left_out() {
        let host = b"search example.org\nnameserver 127.0.0.53\nnameserver ::1\n\
                     nameserver 192.0.2.53\noptions edns0\n";
        assert_eq!(
            without_loopback(host),
            b"search example.org\nnameserver 192.0.2.53\noptions edns0\n"
        );
    }

    #[test]
    fn servers_that_were_asked_for_take_the_place_of_the_hosts() {
        let servers = ["192.0.2.1".parse().unwrap(), "2001:db8::53".parse().unwrap()];
        assert_eq!(
            with_servers(&servers, b"search example.org\nnameserver 127.0.0.53\noptions edns0"),
            b"nameserver 192.0.2.1\nnameserver 2001:db8::53\nsearch example.org\noptions edns0"
        );
    }

    #[test]
    fn all_other_bytes_stay_as_they_are() {
        let host = b"# caf\xe9\r\nnameserver\t127.0.0.1 # \xff\nnameserver 192.0.2.53\nsearch \0";
        assert_eq!(without_loopback(host), b"# caf\xe9\r\nnameserver 192.0.2.53\nsearch \0");
    }
}
