//! The network of a process: links, addresses, routes, and who answers on a port.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::files;
use super::scene::{Found, Look, Scene, Seen, Subject};
use crate::view;
use crate::view::observe::network::{Interface, Network};

pub const LOOKS: &[Look] = &[
    // the names of the links
    Look { name: "links", run: |_, it, _| list(it, |net| names(net, |_| true)) },
    // the names of those that are switched on
    Look { name: "links up", run: |_, it, _| list(it, |net| names(net, |link| link.up)) },
    // all addresses, as 10.0.0.2/24
    Look { name: "addresses", run: |_, it, _| list(it, |net| addresses(net, |_| true)) },
    // those of one link: address eth0
    Look {
        name: "address",
        run: |_, it, name| list(it, |net| addresses(net, |link| link.name.as_str() == name)),
    },
    // those of IPv4, without the length of their prefix: ipv4 eth0
    Look { name: "ipv4", run: |_, it, name| list(it, |net| ipv4(net, name)) },
    // the host's end of a cable, by its end in there: peer eth0
    Look { name: "peer", run: peer },
    // the largest packet of a link: mtu eth0
    Look { name: "mtu", run: |_, it, name| list(it, |net| mtu(net, name)) },
    // all routes, as `default via 10.0.0.1 dev eth0`
    Look { name: "routes", run: |_, it, _| list(it, routes) },
    // the first line that answers on a port: port 127.0.0.1:8080
    Look { name: "port", run: port },
];

/// How long a port may take to answer.
const PATIENCE: Duration = Duration::from_millis(500);

fn list(subject: &Subject, what: impl Fn(&Network) -> Vec<String>) -> Seen {
    let at = format!("the network namespace of process {}", subject.pid);
    match view::observe(view::Subject::Process(subject.pid)).map(|view| view.network.container) {
        Ok(Some(network)) => Seen::list(at, what(&network)),
        Ok(None) => Seen::nothing(at, "it cannot be entered"),
        Err(why) => Seen::nothing(at, why.to_string()),
    }
}

fn names(network: &Network, is_wanted: impl Fn(&Interface) -> bool) -> Vec<String> {
    let links = network.interfaces.iter().filter(|link| is_wanted(link));
    links.map(|link| link.name.to_string()).collect()
}

fn addresses(network: &Network, is_wanted: impl Fn(&Interface) -> bool) -> Vec<String> {
    let links = network.interfaces.iter().filter(|link| is_wanted(link));
    links.flat_map(|link| link.addresses.clone()).collect()
}

fn ipv4(network: &Network, name: &str) -> Vec<String> {
    let all = addresses(network, |link| link.name.as_str() == name);
    let bare = all.iter().filter_map(|address| address.split('/').next());
    bare.filter(|address| !address.contains(':')).map(str::to_owned).collect()
}

/// A link of a cable tells the number that the other end has where that one is.
fn peer(scene: &Scene<'_>, subject: &Subject, name: &str) -> Seen {
    let link = files::content(scene, subject, &format!("/sys/class/net/{name}/iflink"));
    let Found::Text(number) = link.found else { return link };
    let host = match Subject::host(scene) {
        Ok(host) => host,
        Err(why) => return Seen::nothing(link.at, why),
    };
    list(&host, |network| {
        let ends = network.interfaces.iter().filter(|link| link.index.to_string() == number);
        ends.map(|link| link.name.to_string()).collect()
    })
}

fn mtu(network: &Network, name: &str) -> Vec<String> {
    let link = network.interfaces.iter().find(|link| link.name.as_str() == name);
    link.and_then(|link| link.mtu).map(|mtu| mtu.to_string()).into_iter().collect()
}

fn routes(network: &Network) -> Vec<String> {
    let part = |word: &str, value: Option<String>| {
        value.map(|value| format!(" {word} {value}")).unwrap_or_default()
    };
    let routes = network.routes.iter().map(|route| {
        let via = part("via", route.gateway.clone());
        let dev = part("dev", route.interface.as_ref().map(ToString::to_string));
        format!("{}{via}{dev}", route.destination)
    });
    routes.collect()
}

fn port(_: &Scene<'_>, subject: &Subject, address: &str) -> Seen {
    let at = format!("TCP to {address} from the network namespace of process {}", subject.pid);
    let answer = view::standing_in(subject.pid, || {
        let address: SocketAddr = address.parse().map_err(|_| "no address".to_owned())?;
        let ask = || {
            let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            let mut bytes = [0; 256];
            let length = stream.read(&mut bytes)?;
            std::io::Result::Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
        };
        ask().map_err(|error| error.to_string())
    });
    Seen::of(at, answer.map(|text| text.lines().next().unwrap_or_default().to_owned()))
}
