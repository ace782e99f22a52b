//! Chapter 5: a network of its own.
//!
//! Most of these tests run `lab` in a network namespace of their own, see
//! `harness::net`. A server "in the container" is a socket opened in its namespace:
//! whatever the root has for programs, the kernel treats it as the container's.

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use harness::host::can_publish;
use harness::net::{HOST, Net};
use harness::{DEADLINE, Lab, Started, assert_snapshot, eventually, kernel, skip};

/// Where the container keeps its address, and whoever prints the file.
pub fn address(container: &Started) -> Ipv4Addr {
    let hosts = fs::read_to_string(format!("/proc/{}/root/etc/hosts", container.pid)).unwrap();
    let own = hosts.lines().last().and_then(|line| line.split_whitespace().next());
    own.expect("a line").parse().expect("an address")
}

/// Whether this host can publish ports at all.
pub fn has_rules() -> bool {
    skip::has_one_of(&["nft", "iptables-restore"])
}

/// Whether the tests can look at links and routes, and change them.
pub fn has_ip() -> bool {
    skip::has_one_of(&["ip"])
}

#[test]
fn a_container_without_a_network_talks_to_itself_only() {
    let Some(lab) = Lab::as_root() else { return };
    if !has_ip() {
        return;
    }
    let host = Net::new();
    let container = host.inside(|| lab.start("chapter-05 --network none", ""));
    let inside = Net::of(container.pid);
    assert_eq!(inside.ip("-brief -4 address"), "lo               UNKNOWN        127.0.0.1/8 \n");
    assert_eq!(inside.ip("route"), "");
    let server = inside.listen(80);
    assert!(inside.reaches((Ipv4Addr::LOCALHOST, 80), &server).is_some(), "lo is not up");
    drop(server);
    let resolv = format!("/proc/{}/root/etc/resolv.conf", container.pid);
    assert_eq!(fs::read_to_string(resolv).unwrap(), "", "there is nobody to ask");
    assert!(!host.everything().contains("lab0"), "it needs nothing of the host");
    container.finish();
}

#[test]
fn the_hosts_network_is_shared_on_demand_and_until_chapter_4() {
    let Some(lab) = Lab::as_root() else { return };
    let us = std::process::id().cast_signed();
    for (args, shared) in [
        ("chapter-04", true),
        ("chapter-05 --network host", true),
        ("chapter-05 --network none", false),
        ("chapter-05", false),
    ] {
        let container = lab.start(args, "");
        let same = kernel::namespace(container.pid, "net") == kernel::namespace(us, "net");
        assert_eq!(same, shared, "{args}");
        container.finish();
    }
}

#[test]
fn on_the_bridge_it_has_an_address_a_route_and_names() {
    let Some(lab) = Lab::as_root() else { return };
    if !has_ip() {
        return;
    }
    let host = Net::new();
    let container = host.inside(|| lab.start("chapter-05 --hostname web", "cat /etc/hosts"));
    let inside = Net::of(container.pid);
    let address = address(&container);
    let gateway = Ipv4Addr::from_bits((address.to_bits() & !0x3ff) + 1);
    assert!(container.said.contains(&format!("{address}\tweb\n")), "{}", container.said);
    let eth0 = inside.ip("-brief -4 address show eth0");
    assert_eq!(
        eth0.split_whitespace().skip(1).collect::<Vec<_>>(),
        ["UP", &format!("{address}/22")]
    );
    assert_eq!(
        inside.ip("-4 route").lines().next().map(str::trim),
        Some(&*format!("default via {gateway} dev eth0"))
    );
    // The gateway is the host.
    let server = host.listen(8000);
    let peer = inside.reaches((gateway, 8000), &server).expect("the host answers");
    assert_eq!(peer.ip(), address);
    // And the host reaches the container by its address.
    let server = inside.listen(80);
    assert!(host.reaches((address, 80), &server).is_some());
    drop(server);
    container.finish();
}

#[test]
fn two_containers_reach_each_other() {
    let Some(lab) = Lab::as_root() else { return };
    if !has_ip() {
        return;
    }
    let host = Net::new();
    let one = host.inside(|| lab.start("chapter-05", ""));
    let other = host.inside(|| lab.start("chapter-07", ""));
    assert_ne!(address(&one), address(&other));
    for (client, server) in [(&one, &other), (&other, &one)] {
        let listener = Net::of(server.pid).listen(80);
        let peer = Net::of(client.pid).reaches((address(server), 80), &listener);
        assert_eq!(peer.map(|peer| peer.ip()), Some(address(client).into()));
    }
    one.finish();
    // The bridge stays for the one that is left.
    assert!(host.ip("-brief link").contains("lab0"));
    let server = Net::of(other.pid).listen(80);
    assert!(host.reaches((address(&other), 80), &server).is_some());
    drop(server);
    other.finish();
    eventually("the bridge goes with the last one", || !host.ip("-brief link").contains("lab"));
}

#[test]
fn it_calls_the_outside_under_the_hosts_address() {
    if !skip::is_root() || !has_rules() || !has_ip() {
        return;
    }
    let lab = Lab::new();
    let (host, elsewhere) = Net::host();
    let container = host.inside(|| lab.start("chapter-05", ""));
    // The machine elsewhere knows no way to the container: it answers to the host.
    let server = elsewhere.listen(80);
    let peer = Net::of(container.pid).reaches(([198, 51, 100, 2], 80), &server);
    assert_eq!(peer.map(|peer| peer.ip()), Some(HOST.into()));
    container.finish();
}

/// Publishes ports and calls them from everywhere.
fn publish_and_call(lab: &Lab) {
    if !has_ip() {
        return;
    }
    let (host, elsewhere) = Net::host();
    let before = host.everything();
    let ports = "-p 18080:80 -p 127.0.0.1:18081:80 -p 18053:53/udp";
    let container = host.inside(|| lab.start(&format!("chapter-05 {ports}"), ""));
    let neighbour = host.inside(|| lab.start("chapter-05", ""));
    let server = Net::of(container.pid).listen(80);

    assert!(host.reaches((Ipv4Addr::LOCALHOST, 18080), &server).is_some(), "loopback");
    assert!(host.reaches(([127, 0, 0, 2], 18080), &server).is_some(), "all of loopback");
    assert!(host.reaches((HOST, 18080), &server).is_some(), "the host's own address");
    let peer = elsewhere.reaches((HOST, 18080), &server).expect("from elsewhere");
    assert_eq!(peer.ip().to_string(), "198.51.100.2", "the server sees who calls");
    assert!(Net::of(neighbour.pid).reaches((HOST, 18080), &server).is_some(), "a neighbour");
    assert!(Net::of(container.pid).reaches((HOST, 18080), &server).is_some(), "itself");

    assert!(host.reaches((Ipv4Addr::LOCALHOST, 18081), &server).is_some(), "one address");
    assert!(host.reaches((HOST, 18081), &server).is_none(), "and no other");
    assert!(elsewhere.reaches((HOST, 18081), &server).is_none());

    let udp = Net::of(container.pid).listen_udp(53);
    assert!(host.reaches_udp((Ipv4Addr::LOCALHOST, 18053), &udp), "UDP, loopback");
    assert!(host.reaches_udp((HOST, 18053), &udp), "UDP, the host's own address");
    assert!(elsewhere.reaches_udp((HOST, 18053), &udp), "UDP, from elsewhere");

    drop((server, udp));
    container.finish();
    neighbour.finish();
    host.wait_until(&before);
}

#[test]
fn a_published_port_is_reached_from_everywhere() {
    if skip::is_root() && has_rules() {
        publish_and_call(&Lab::new());
    }
}

/// A directory for PATH, with some of the host's programs.
pub fn path_with(lab: &Lab, programs: &[&str]) -> Option<PathBuf> {
    let dir = lab.state_dir().join("bin");
    fs::create_dir(&dir).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    for program in programs {
        let real = std::env::split_paths(&path).map(|dir| dir.join(program)).find(|p| p.exists());
        symlink(real?, dir.join(program)).unwrap();
    }
    Some(dir)
}

#[test]
fn without_nft_the_rules_are_written_by_iptables() {
    let Some(mut lab) = Lab::as_root() else { return };
    match path_with(&lab, &["iptables-restore", "iptables-save"]) {
        Some(path) => lab.set_env("PATH", path),
        None => return skip::skip("needs iptables"),
    }
    publish_and_call(&lab);
}

#[test]
fn without_nft_and_iptables_there_is_a_warning_and_no_publishing() {
    let Some(mut lab) = Lab::as_root() else { return };
    let host = Net::new();
    let path = path_with(&lab, &[]).unwrap();
    lab.set_env("PATH", path);
    let ran = host.inside(|| lab.sh("chapter-05", "echo it runs"));
    assert_eq!(ran.stdout, "it runs\n");
    assert_snapshot!("no_rules", ran.stderr);
    let ran = host.inside(|| lab.sh("chapter-05 -p 18080:80", "echo it runs"));
    assert_eq!((ran.code, &*ran.stdout), (125, ""));
    assert_snapshot!("no_rules_publish", ran.stderr);
}

#[test]
fn a_port_of_this_machine_leads_into_the_container() {
    if !skip::is_root() || !has_rules() {
        return;
    }
    let lab = Lab::new();
    // A port that is free now; another process may still be faster, so try again.
    let container = (0..10).find_map(|_| {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let args = format!("chapter-05 -p 127.0.0.1:{port}:80");
        lab.try_start(&args, "").ok().map(|container| (port, container))
    });
    let (port, container) = container.expect("a free port");
    let server = Net::of(container.pid).listen(80);
    let us = Net::of(std::process::id().cast_signed());
    assert!(us.reaches((Ipv4Addr::LOCALHOST, port), &server).is_some());
    drop(server);
    container.finish();
}

#[test]
fn a_server_in_the_root_answers_a_client_of_the_host() {
    if !skip::is_root() || !has_rules() {
        return;
    }
    let lab = Lab::new();
    let host = Net::new();
    // busybox brings a server; beside the host's own tools, there is its perl.
    let server = r#"
        mkdir /tmp/www; echo hello > /tmp/www/index.html
        if command -v httpd > /dev/null; then serve() { httpd -p 80 -h /tmp/www; }
        else
            lib=$(echo /host/lib/*-linux-gnu)
            serve() {
                LD_LIBRARY_PATH=$lib PERL5LIB=$lib/perl-base /host/bin/perl -MIO::Socket::INET -e '
                    my $server = IO::Socket::INET->new(LocalPort => 80, Listen => 5) or die $@;
                    exit if fork;
                    while (my $client = $server->accept) {
                        while (<$client>) { last if /^\r?$/ }
                        print $client "HTTP/1.0 200 OK\r\n\r\nhello\n"; close $client;
                    }'
            }
        fi
        serve"#;
    let args = "chapter-07 --tmpfs /tmp -v /usr:/host:ro -p 127.0.0.1:18080:80";
    let container = host.inside(|| lab.start(args, server));
    let answer = host.inside(|| -> std::io::Result<String> {
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, 18080))?;
        client.set_read_timeout(Some(DEADLINE))?;
        client.write_all(b"GET /index.html HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        client.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = answer.expect("an answer");
    assert!(answer.starts_with("HTTP/1") && answer.ends_with("\nhello\n"), "{answer}");
    container.finish();
}

#[test]
fn a_busy_port_is_an_error_before_anything_is_made() {
    if !skip::is_root() || !has_rules() {
        return;
    }
    let lab = Lab::new();
    let host = Net::new();
    let busy = host.listen(18080);
    let before = host.everything();
    let ran = host.inside(|| lab.sh("chapter-05 -p 18081:81 -p 18080:80", "echo it runs"));
    assert_eq!((ran.code, &*ran.stdout), (125, ""));
    assert_snapshot!("busy_port", ran.stderr);
    assert_eq!(host.everything(), before);
    drop(busy);
    // One of another container is as busy.
    let first = host.inside(|| lab.start("chapter-05 -p 18080:80/udp", ""));
    let ran = host.inside(|| lab.sh("chapter-05 -p 127.0.0.1:18080:80/udp", "echo it runs"));
    assert_eq!(ran.code, 125);
    assert_snapshot!("busy_udp_port", ran.stderr);
    first.finish();
}

#[test]
fn ports_need_a_bridge() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.sh("chapter-05 --network none -p 18080:80", "true");
    assert_eq!(ran.code, 125);
    assert_snapshot!("publish_without_network", ran.stderr);
    assert_eq!(lab.sh("chapter-05 --network host -p 18080:80", "true").code, 125);
}

#[test]
fn an_address_that_is_not_the_hosts_cannot_be_published() {
    if !skip::is_root() || !has_rules() {
        return;
    }
    let lab = Lab::new();
    let ran = Net::new().inside(|| lab.sh("chapter-05 -p 203.0.113.7:18080:80", "true"));
    assert_eq!(ran.code, 125);
    assert_snapshot!("publish_on_foreign_address", ran.stderr);
}

#[test]
fn the_hosts_loopback_services_stay_its_own() {
    if !skip::is_root() || !has_rules() || !has_ip() {
        return;
    }
    let lab = Lab::new();
    let host = Net::new();
    // Publishing needs route_localnet on the bridge; the guard keeps it one-way.
    let container = host.inside(|| lab.start("chapter-05 -p 18080:80", ""));
    let private = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 8000);
    let server = host.inside(|| TcpListener::bind(private)).unwrap();
    let gateway = host.ip("-brief -4 address show lab0");
    let gateway = gateway.split_whitespace().nth(2).and_then(|g| g.split('/').next()).unwrap();
    let gateway: Ipv4Addr = gateway.parse().unwrap();
    let neighbour = host.listen(8001);
    let inside = Net::of(container.pid);
    inside.ip("address del 127.0.0.1/8 dev lo");
    inside.ip(&format!("route add 127.0.0.1 via {gateway} dev eth0"));
    inside.run("echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet");
    let is_ignored = inside.is_ignored(private, &server, ((gateway, 8001), &neighbour));
    assert!(is_ignored, "the container calls the host's loopback");
    container.finish();
}

#[test]
fn the_name_servers_are_those_it_can_reach() {
    let Some(lab) = Lab::as_root() else { return };
    let file = lab.state_dir().join("resolv.conf");
    fs::write(&file, "search example.org\nnameserver 127.0.0.53\nnameserver 192.0.2.53\n").unwrap();
    let replace = format!("mount --bind {} \"$(realpath /etc/resolv.conf)\"", file.display());
    let read = |network: &str| {
        let args = ["run", "chapter-05", "--network", network, "--", "cat", "/etc/resolv.conf"];
        Net::new().inside(|| lab.lab_with_mounts(&replace, &args)).ok()
    };
    assert_eq!(read("bridge"), "search example.org\nnameserver 192.0.2.53\n");
    assert_eq!(read("host"), fs::read_to_string(&file).unwrap());
    assert_eq!(read("none"), "");
}

#[test]
fn a_subnet_that_the_host_uses_already_is_avoided() {
    let Some(lab) = Lab::as_root() else { return };
    if !has_ip() {
        return;
    }
    let (host, _elsewhere) = Net::host();
    let container = host.inside(|| lab.start("chapter-05", ""));
    let first = address(&container);
    container.finish();
    eventually("the bridge is gone", || !host.ip("-brief link").contains("lab"));
    // An office network behind the other machine.
    host.ip(&format!("route add {first}/32 via 198.51.100.2"));
    let container = host.inside(|| lab.start("chapter-05", ""));
    assert_ne!(address(&container).octets()[..3], first.octets()[..3]);
    container.finish();
}

#[test]
fn forwarding_is_put_back_as_it_was() {
    let Some(lab) = Lab::as_root() else { return };
    for was in ["0", "1"] {
        let host = Net::new();
        host.run(&format!("echo {was} > /proc/sys/net/ipv4/ip_forward"));
        let container = host.inside(|| lab.start("chapter-05", ""));
        // Nothing is forwarded that no rule looks at.
        let during = if can_publish() { "1" } else { was };
        assert_eq!(host.sysctl("ipv4/ip_forward"), during);
        container.finish();
        assert_eq!(host.sysctl("ipv4/ip_forward"), was);
    }
}

#[test]
fn a_bridge_keeps_the_subnet_that_it_has_and_is_full_at_its_end() {
    let Some(lab) = Lab::as_root() else { return };
    if !has_ip() {
        return;
    }
    // As another runtime has made it, with one container on it.
    let host = Net::new();
    host.ip("link add lab0 address 02:6c:61:62:30:00 type bridge");
    host.ip(
        "link set lab0 up alias 'lab: ip_forward was 0, accept_redirects was 1, rules by nobody'",
    );
    host.ip("address add 10.99.7.1/29 dev lab0");
    host.ip("neigh add 10.99.7.4 lladdr 3e:9c:0a:1b:2c:4d dev lab0 nud permanent");
    let mut containers: Vec<_> =
        (0..4).map(|_| host.inside(|| lab.start("chapter-05", ""))).collect();
    let mut taken: Vec<_> = containers.iter().map(|it| address(it).to_string()).collect();
    taken.sort();
    assert_eq!(taken, ["10.99.7.2", "10.99.7.3", "10.99.7.5", "10.99.7.6"]);
    let inside = Net::of(containers[0].pid).ip("-brief -4 address show eth0");
    assert!(inside.contains("/29"), "{inside}");
    let refused = host.inside(|| lab.sh("chapter-05", "echo it runs"));
    assert_eq!((refused.code, &*refused.stdout), (125, ""));
    let said = "take an address: all 5 of 10.99.7.0/29 are taken";
    assert!(refused.stderr.contains(said), "{}", refused.stderr);
    containers.drain(..).for_each(|container| drop(container.finish()));
    // We do not know whose the fifth is.
    assert!(host.ip("-brief link").contains("lab0"));
}
