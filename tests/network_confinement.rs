//! What the bridge must not open: the host to the container, the container to the
//! network, and the host's networks to each other.
//!
//! ```text
//!   office 198.51.100.2 ──── host ──── cellar 203.0.113.2
//!                             └─ lab0 ──── container, neighbour
//! ```

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Stdio};
use std::time::Duration;

use harness::net::{HOST, Net};
use harness::{Lab, Started, skip};

use crate::chapter_05_net_ns::{address, has_ip, has_rules, path_with};

/// The machine on the host's other network.
const CELLAR: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);

/// The programs, where a test can make and look at networks.
fn lab() -> Option<Lab> {
    let lab = Lab::as_root()?;
    has_ip().then_some(lab)
}

/// The same, where there is this program.
fn lab_with(program: &str) -> Option<Lab> {
    let lab = lab()?;
    skip::has_one_of(&[program]).then_some(lab)
}

/// The same, with iptables and without nft in PATH.
fn lab_without_nft() -> Option<Lab> {
    let mut lab = lab_with("iptables")?;
    let path = path_with(&lab, &["iptables-restore", "iptables-save"])?;
    lab.set_env("PATH", path);
    Some(lab)
}

/// A host between two machines, each of which sends it all that it does not know.
fn host_between_two() -> (Net, Net, Net) {
    let (host, office) = Net::host();
    let cellar = host.beside("other", "203.0.113.1", "203.0.113.2");
    office.ip("route add default via 198.51.100.1");
    cellar.ip("route add default via 203.0.113.1");
    (host, office, cellar)
}

/// Somebody in a network who has announced that they are an IPv6 router, on every link,
/// when they have said so; they end when their input does.
fn announce_a_router(lab: &Lab, net: &Net) {
    let mut command = lab.program("lab");
    command.args(["attack", "--inside", "ipv6-router"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut attacker: Child = net.inside(|| command.spawn()).unwrap();
    let mut said = [0; 2];
    attacker.stderr.as_mut().unwrap().read_exact(&mut said).expect("it has sent its packets");
    assert_eq!(&said, b"!\n");
    drop(attacker.stdin.take());
    attacker.wait().unwrap();
}

/// Whether a network has taken a route from it.
fn is_taken_in(net: &Net) -> bool {
    net.ip("-6 route show default").contains("fe80::bad")
}

#[test]
fn a_router_that_announces_itself_is_believed_by_nobody_on_the_bridge() {
    let Some(lab) = lab() else { return };
    if !fs::exists("/proc/sys/net/ipv6").unwrap() {
        return skip::skip("needs IPv6");
    }
    let (host, office) = Net::host();
    // The packet is a good one: whoever is not on the bridge takes it.
    announce_a_router(&lab, &host);
    assert!(is_taken_in(&office), "the packet is none");
    for chapter in ["chapter-05", "chapter-09"] {
        let container = host.inside(|| lab.start(chapter, ""));
        let neighbour = host.inside(|| lab.start("chapter-07", ""));
        let (inside, beside) = (Net::of(container.pid), Net::of(neighbour.pid));
        announce_a_router(&lab, &inside);
        assert!(!is_taken_in(&host) && !is_taken_in(&beside), "{chapter}");
        // Nor when an administrator has switched IPv6 on for every link there is.
        for net in [&host, &beside] {
            net.run("echo 0 > /proc/sys/net/ipv6/conf/all/disable_ipv6");
        }
        announce_a_router(&lab, &inside);
        assert!(!is_taken_in(&host) && !is_taken_in(&beside), "{chapter}, IPv6 is on");
        container.finish();
        neighbour.finish();
    }
}

/// Makes sure that a link of a network listens to nobody.
#[track_caller]
fn assert_deaf(net: &Net, link: &str, who: &str) {
    let mut switches = vec![("ipv4", "accept_redirects", "0")];
    if fs::exists("/proc/sys/net/ipv6").unwrap() {
        switches.extend([("ipv6", "disable_ipv6", "1"), ("ipv6", "accept_ra", "0")]);
        switches.extend([("ipv6", "autoconf", "0"), ("ipv6", "accept_redirects", "0")]);
    }
    for (family, switch, value) in switches {
        let name = format!("{family}/conf/{link}/{switch}");
        assert_eq!(net.sysctl(&name), value, "{who}: {name}");
    }
}

#[test]
fn no_link_of_the_bridge_listens_to_who_wants_to_configure_it_and_others_do_as_before() {
    let Some(lab) = lab() else { return };
    for chapter in ["chapter-05", "chapter-06", "chapter-07", "chapter-08", "chapter-09"] {
        let (host, _office) = Net::host();
        let of_others = || {
            ["ipv4/conf/cable/accept_redirects", "ipv4/conf/cable/rp_filter"]
                .into_iter()
                .chain(["ipv6/conf/cable/accept_ra", "ipv6/conf/cable/disable_ipv6"])
                .filter(|name| fs::exists(format!("/proc/sys/net/{}", &name[..4])).unwrap())
                .map(|name| host.sysctl(name))
                .collect::<Vec<_>>()
        };
        let before = of_others();
        let container = host.inside(|| lab.start(chapter, ""));
        assert_deaf(&host, "lab0", chapter);
        assert_deaf(&host, &format!("lab{}", container.id()), chapter);
        let inside = Net::of(container.pid);
        assert_deaf(&inside, "eth0", chapter);
        // A host that is no router listens if "all" do.
        assert_eq!(inside.sysctl("ipv4/conf/all/accept_redirects"), "0", "{chapter}");
        assert_eq!(of_others(), before, "{chapter}");
        container.finish();
    }
}

#[test]
fn a_volume_over_the_switches_keeps_none_of_them_from_being_set() {
    let Some(lab) = lab() else { return };
    let host = Net::new();
    for args in ["chapter-05 --tmpfs /proc/sys", "chapter-09 --tmpfs /proc/sys/net"] {
        let container = host.inside(|| lab.start(args, ""));
        assert_deaf(&Net::of(container.pid), "eth0", args);
        container.finish();
    }
}

#[test]
fn a_kernel_without_ipv6_is_fine() {
    let Some(lab) = lab() else { return };
    let hide = "[ ! -e /proc/sys/net/ipv6 ] || mount -t tmpfs none /proc/sys/net/ipv6";
    let args = ["run", "--view", "none", "chapter-05", "--", "true"];
    let ran = Net::new().inside(|| lab.lab_with_mounts(hide, &args));
    assert_eq!((ran.code, &*ran.stderr), (0, ""));
}

/// Whether a message that is sent from an address arrives, whatever becomes of an answer.
fn arrives(net: &Net, own: Ipv4Addr, to: impl Into<SocketAddr>, server: &UdpSocket) -> bool {
    let socket = net.inside(|| UdpSocket::bind((own, 0))).unwrap();
    socket.send_to(b"question", to.into()).unwrap();
    server.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    server.recv_from(&mut [0; 8]).is_ok()
}

#[test]
fn a_container_calls_nobody_under_a_strangers_address() {
    let Some(lab) = lab() else { return };
    if !has_rules() {
        return;
    }
    let (host, office) = Net::host();
    let container = host.inside(|| lab.start("chapter-05", ""));
    let inside = Net::of(container.pid);
    inside.ip("address add 192.0.2.77/32 dev lo");
    let server = office.listen_udp(53);
    let from = |own: Ipv4Addr| arrives(&inside, own, ([198, 51, 100, 2], 53), &server);
    assert!(from(address(&container)), "its own does not pass");
    assert!(!from(Ipv4Addr::new(192, 0, 2, 77)), "a stranger's address passes");
    container.finish();
}

/// Makes sure that a container is reached by its published port and no other way, that it
/// still reaches everybody, and that the host is a router for nobody else who did not
/// have one in it before.
fn assert_confined(lab: &Lab, was_router: bool) {
    let (host, office, cellar) = host_between_two();
    let is_router = u8::from(was_router);
    host.run(&format!("echo {is_router} > /proc/sys/net/ipv4/ip_forward"));
    let cellars = cellar.listen(8000);
    let is_between = || {
        if was_router {
            office.reaches((CELLAR, 8000), &cellars).is_some()
        } else {
            !office.is_kept_from((CELLAR, 8000))
        }
    };
    assert_eq!(is_between(), was_router, "before");

    let container = host.inside(|| lab.start("chapter-05 -p 18080:80", ""));
    let neighbour = host.inside(|| lab.start("chapter-09", ""));
    let own = address(&container);
    let inside = Net::of(container.pid);
    let (server, unpublished) = (inside.listen(80), inside.listen(81));
    for (net, who) in [(&office, "office"), (&cellar, "cellar")] {
        assert!(net.reaches((HOST, 18080), &server).is_some(), "{who}, published");
    }
    // That there is no answer takes its time, and the same time for all.
    std::thread::scope(|scope| {
        for (net, who) in [(&office, "office"), (&cellar, "cellar")] {
            for port in [80, 81] {
                let kept =
                    move || assert!(net.is_kept_from((own, port)), "{who}, directly, {port}");
                scope.spawn(kept);
            }
        }
    });
    assert_eq!(is_between(), was_router, "while the host routes for the container");
    for (net, who) in [(&host, "host"), (&Net::of(neighbour.pid), "neighbour")] {
        assert!(net.reaches((own, 81), &unpublished).is_some(), "{who}");
    }
    // The answers to what it has asked come back.
    assert_eq!(
        inside.reaches((CELLAR, 8000), &cellars).map(|peer| peer.ip().to_string()),
        Some("203.0.113.1".to_owned())
    );

    drop((server, unpublished));
    container.finish();
    neighbour.finish();
    assert_eq!(is_between(), was_router, "after");
}

#[test]
fn with_nft_only_what_was_published_or_asked_for_passes() {
    let Some(lab) = lab_with("nft") else { return };
    assert_confined(&lab, false);
    assert_confined(&lab, true);
}

#[test]
fn with_iptables_only_what_was_published_or_asked_for_passes() {
    let Some(lab) = lab_without_nft() else { return };
    assert_confined(&lab, false);
    assert_confined(&lab, true);
}

#[test]
fn without_nft_and_iptables_the_host_does_not_route_for_containers() {
    let Some(mut lab) = lab() else { return };
    let path = path_with(&lab, &[]).unwrap();
    lab.set_env("PATH", path);
    for was in ["0", "1"] {
        let (host, office, _cellar) = host_between_two();
        host.run(&format!("echo {was} > /proc/sys/net/ipv4/ip_forward"));
        let container = host.inside(|| lab.start("chapter-05", ""));
        let (own, inside) = (address(&container), Net::of(container.pid));
        let server = inside.listen(80);
        assert_eq!(host.sysctl("ipv4/ip_forward"), was);
        assert!(host.reaches((own, 80), &server).is_some(), "ip_forward is {was}");
        assert!(office.is_kept_from((own, 80)), "ip_forward is {was}");
        drop(server);
        container.finish();
        assert_eq!(host.sysctl("ipv4/ip_forward"), was);
    }
}

/// A bridge with a machine on it, as Docker and others make them.
fn bridge_with_guest(host: &Net) -> Net {
    let guest = host.beside("guest", "192.0.2.250", "192.0.2.2");
    host.ip("address del 192.0.2.250/24 dev guest");
    host.ip("link add name docker9 type bridge");
    host.ip("link set guest master docker9");
    host.ip("address add 192.0.2.1/24 dev docker9");
    host.ip("link set docker9 up");
    guest.ip("route add default via 192.0.2.1");
    guest
}

#[test]
fn a_bridge_that_others_make_meanwhile_is_theirs_to_route_for() {
    let Some(lab) = lab_with("nft") else { return };
    let (host, office) = Net::host();
    office.ip("route add default via 198.51.100.1");
    let container = host.inside(|| lab.start("chapter-05", ""));
    let guest = bridge_with_guest(&host);
    let (servers, offices) = (guest.listen(80), office.listen(80));
    assert!(guest.reaches(([198, 51, 100, 2], 80), &offices).is_some(), "guest to office");
    assert!(office.reaches(([192, 0, 2, 2], 80), &servers).is_some(), "office to guest");
    // But a container is no guest of theirs.
    let own = Net::of(container.pid).listen(80);
    assert!(guest.is_kept_from((address(&container), 80)));
    drop(own);
    container.finish();
    assert_eq!(host.sysctl("ipv4/ip_forward"), "1", "who came later may count on it");
}

#[test]
fn a_bridge_that_was_there_before_is_no_network_to_be_reached_through_the_host() {
    let Some(lab) = lab_with("nft") else { return };
    let (host, office) = Net::host();
    office.ip("route add default via 198.51.100.1");
    let guest = bridge_with_guest(&host);
    let container: Started = host.inside(|| lab.start("chapter-05", ""));
    let (_server, _offices) = (guest.listen(80), office.listen(80));
    assert!(guest.is_kept_from(([198, 51, 100, 2], 80)), "guest to office");
    assert!(office.is_kept_from(([192, 0, 2, 2], 80)), "office to guest");
    container.finish();
}

#[test]
fn a_bridge_of_the_host_may_have_any_name() {
    let odd = ["q\"x", "it's", "-br\\", "+", "!", "caf\u{e9}"];
    for lab in [lab_with("nft"), lab_without_nft()].into_iter().flatten() {
        let (host, office, cellar) = host_between_two();
        for name in odd {
            let name = name.replace('\'', "'\\''");
            host.ip(&format!("link add name '{name}' type bridge"));
        }
        let cellars = cellar.listen(8000);
        let container = host.inside(|| lab.start("chapter-05", ""));
        let inside = Net::of(container.pid);
        assert!(inside.reaches((CELLAR, 8000), &cellars).is_some(), "its own way");
        assert!(office.is_kept_from((CELLAR, 8000)), "no name opens it to others");
        container.finish();
    }
}

#[test]
fn the_rules_of_others_are_neither_touched_nor_overruled() {
    let Some(lab) = lab_without_nft() else { return };
    let (host, office) = Net::host();
    office.ip("route add default via 198.51.100.1");
    // Somebody's firewall: what is not wanted is dropped, and the last rule is theirs.
    host.run(
        "iptables -N theirs; iptables -A theirs -s 198.51.100.9 -j DROP; \
         iptables -A FORWARD -j theirs; iptables -P FORWARD DROP",
    );
    let theirs =
        || host.run("iptables-save -t filter | grep -v '^#' | grep -vw lab0 | sed 's/\\[.*//'");
    let before = theirs();
    let container = host.inside(|| lab.start("chapter-05 -p 18080:80 -p 18053:53/udp", ""));
    assert_eq!(theirs(), before, "while a container runs");
    let server = Net::of(container.pid).listen(80);
    assert!(host.reaches((HOST, 18080), &server).is_some(), "the host itself");
    assert!(office.is_kept_from((HOST, 18080)), "their policy holds");
    let messages = Net::of(container.pid).listen_udp(53);
    let office_sends = || arrives(&office, Ipv4Addr::UNSPECIFIED, (HOST, 18053), &messages);
    assert!(!office_sends(), "their policy holds one way");
    host.run("iptables -I FORWARD -o lab0 -j ACCEPT; iptables -I FORWARD -i lab0 -j ACCEPT");
    assert!(office.reaches((HOST, 18080), &server).is_some(), "they have let it pass");
    assert!(office_sends(), "they have let it pass one way");
    host.run("iptables -D FORWARD -o lab0 -j ACCEPT; iptables -D FORWARD -i lab0 -j ACCEPT");
    drop(server);
    container.finish();
    assert_eq!(theirs(), before, "afterwards");
}

#[test]
fn what_routing_changes_beside_itself_is_put_back_too() {
    let Some(lab) = lab() else { return };
    for (forward, redirects) in [("0", "0"), ("0", "1"), ("1", "0")] {
        let host = Net::new();
        // In this order: the kernel decides the second anew with the first.
        host.run(&format!("echo {forward} > /proc/sys/net/ipv4/ip_forward"));
        host.run(&format!("echo {redirects} > /proc/sys/net/ipv4/conf/all/accept_redirects"));
        let container = host.inside(|| lab.start("chapter-05", ""));
        container.finish();
        let now = ["ipv4/ip_forward", "ipv4/conf/all/accept_redirects"].map(|s| host.sysctl(s));
        assert_eq!(now, [forward, redirects]);
    }
}

#[test]
fn what_the_hosts_resolv_conf_says_in_another_encoding_is_passed_on() {
    let Some(lab) = lab() else { return };
    let (file, out) = (lab.state_dir().join("resolv.conf"), lab.state_dir().join("out"));
    fs::create_dir(&out).unwrap();
    let text =
        b"# caf\xe9 \xff\xfe\nnameserver 127.0.0.53\nnameserver 192.0.2.53\nsearch m\xfcller";
    fs::write(&file, text).unwrap();
    let replace = format!("mount --bind {} \"$(realpath /etc/resolv.conf)\"", file.display());
    let volume = format!("{}:/out", out.display());
    for (chapter, network, expected) in [
        ("chapter-05", "host", &text[..]),
        ("chapter-05", "bridge", b"# caf\xe9 \xff\xfe\nnameserver 192.0.2.53\nsearch m\xfcller"),
        ("chapter-06", "none", b""),
        ("chapter-09", "bridge", b"# caf\xe9 \xff\xfe\nnameserver 192.0.2.53\nsearch m\xfcller"),
    ] {
        let userns: &[&str] = if chapter == "chapter-09" { &["--userns", "host"] } else { &[] };
        let args = ["run", chapter, "--network", network, "-v", &volume];
        let command = ["--", "cp", "/etc/resolv.conf", "/out/copy"];
        let args = [&args[..], userns, &command].concat();
        Net::new().inside(|| lab.lab_with_mounts(&replace, &args)).ok();
        let copy = fs::read(out.join("copy")).unwrap();
        assert_eq!(copy, expected, "{chapter} {network}");
    }
}

/// Ways to be root without power over the host's network, as in somebody else's container.
fn powerless(lab: &Lab, way: &str, args: &str) -> harness::Ran {
    let script = format!("set -e; {way} \"$0\" run --view none {args}");
    let mut shell = std::process::Command::new("unshare");
    let program = lab.program("lab");
    shell.args(["--mount", "--propagation", "private", "sh", "-c", &script]);
    shell.arg(program.get_program());
    shell.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
    harness::ran(Net::new().inside(|| shell.stdin(Stdio::null()).output()).unwrap())
}

#[test]
fn who_may_not_make_a_bridge_gets_no_network_unless_it_was_asked_for() {
    let Some(lab) = lab() else { return };
    let read_only = "mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys;";
    // From chapter 8 on, there is a user namespace, which takes a /proc that is whole.
    for (way, chapters) in [
        ("setpriv --bounding-set -net_admin", &["05", "07", "08", "09"][..]),
        ("unshare --user --map-root-user", &["05", "06"]),
        (read_only, &["05", "07"]),
    ] {
        for chapter in chapters {
            let what = format!("{way}: {chapter}");
            let ran = powerless(&lab, way, &format!("{chapter} -- echo it runs"));
            assert_eq!((ran.code, &*ran.stdout), (0, "it runs\n"), "{what}: {}", ran.stderr);
            let note = "note: the container has no network: ";
            assert!(ran.stderr.starts_with(note), "{what}: {}", ran.stderr);
            assert_eq!(ran.stderr.lines().count(), 1, "{what}: {}", ran.stderr);

            for asked in ["--network bridge", "-p 18080:80"] {
                if asked.starts_with("-p") && !has_rules() {
                    continue;
                }
                let ran = powerless(&lab, way, &format!("{chapter} {asked} -- echo it runs"));
                assert_eq!((ran.code, &*ran.stdout), (125, ""), "{what} {asked}");
                assert!(ran.stderr.contains("\nhint: "), "{what} {asked}: {}", ran.stderr);
            }
            for other in ["none", "host"] {
                let ran = powerless(&lab, way, &format!("{chapter} --network {other} -- true"));
                assert_eq!((ran.code, &*ran.stderr), (0, ""), "{what} --network {other}");
            }
        }
    }
}
