//! Networks in user space: `pasta(1)` and `slirp4netns(1)`.
//!
//! | | pasta | slirp4netns |
//! |---|---|---|
//! | the tap's address | the host's own | 10.0.2.100, behind a router of its own |
//! | how it says that all is set | it goes to the background | `--ready-fd` |
//! | ports of the host | `-t ADDRESS/HOST:GUEST` | asked for on a socket, in JSON |
//!
//! Both want to be kind and make the host's loopback reachable by the gateway's address;
//! what listens there trusts whoever is on this machine, so we switch that off. And both
//! make their tap by /dev/net/tun.
//!
//! They get the network by a descriptor, as their standard input. A path of /proc would
//! not do: whoever has given up capabilities, as pasta has by then, may not look at the
//! namespaces of a process that has them, ptrace(2).

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write, pipe};
use std::net::Shutdown;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use net_ns::{Protocol, Publish};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::fchdir;
use process::{Error, Result, Step};

use super::path::is_in_path;

/// Where the network is found.
const NETWORK: &str = "/proc/self/fd/0";

/// What makes taps; everybody's on most hosts.
const TUN: &str = "/dev/net/tun";

/// slirp4netns's socket for requests.
const API: &str = "api";

/// What a program says.
const LOG: &str = "log";

/// A program that connects a network in user space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    Pasta,
    Slirp4netns,
}

impl Tool {
    /// Those that this host has, the faster one first.
    ///
    /// # Errors
    /// If there is none, or it could not make a tap.
    pub fn find() -> Result<Vec<Self>> {
        let mut tools = vec![Self::Pasta, Self::Slirp4netns];
        tools.retain(|tool| is_in_path(tool.name()));
        if tools.is_empty() {
            return Err(Error::new("neither pasta nor slirp4netns is in PATH")
                .with_hint("install the package passt or slirp4netns"));
        }
        let tun = OpenOptions::new().read(true).write(true).open(TUN);
        tun.step(|| format!("open {TUN}")).map_err(|error| match error.errno() {
            Some(Errno::EACCES) => error.with_hint(format!("sudo chmod 666 {TUN}")),
            _ => error.with_hint("sudo modprobe tun"),
        })?;
        Ok(tools)
    }

    /// The program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pasta => "pasta",
            Self::Slirp4netns => "slirp4netns",
        }
    }

    /// Connects `network` with the one in which we are, and leads `ports` into it. The
    /// program goes on then.
    pub fn connect(self, network: File, ports: &[Publish]) -> Result<()> {
        // Their files go into a tmpfs without a place, which the kernel frees.
        fchdir(mount_ns::detached_tmpfs()?).step(|| "enter a tmpfs")?;
        let log = File::create(LOG).step(|| "create a log")?;
        let mut command = Command::new(self.name());
        command.stdin(network).stdout(Stdio::null()).stderr(log);
        match self {
            Self::Pasta => pasta(command, ports),
            Self::Slirp4netns => slirp4netns(command, ports),
        }
    }
}

fn pasta(mut command: Command, ports: &[Publish]) -> Result<()> {
    command.args(["--config-net", "--netns-only", "--netns", NETWORK, "--no-map-gw"]);
    // Otherwise it leads in whatever it finds listening, on either side.
    command.args(["-T", "none", "-U", "none"]);
    // The containers have no IPv6, and so neither has this network.
    command.arg("--ipv4-only");
    for (option, protocol) in [("-t", Protocol::Tcp), ("-u", Protocol::Udp)] {
        let mut specs: Vec<_> = ports
            .iter()
            .filter(|port| port.protocol == protocol)
            .map(|port| format!("{}/{}", port.host.ip(), port.host.port()))
            .collect();
        if specs.is_empty() {
            specs.push("none".to_owned());
        }
        command.args(specs.iter().flat_map(|spec| [option, spec]));
    }
    if command.status().step(|| "start pasta")?.success() { Ok(()) } else { Err(last_words()) }
}

fn slirp4netns(mut command: Command, ports: &[Publish]) -> Result<()> {
    let (mut ready, tell) = pipe().step(|| "make a pipe")?;
    fcntl(&tell, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let a pipe be inherited")?;
    command.args(["--configure", "--mtu=65520", "--disable-host-loopback"]);
    command.arg(format!("--ready-fd={}", tell.as_raw_fd()));
    command.args(["--api-socket", API, "--netns-type=path", NETWORK, "tap0"]);
    let mut program = command.spawn().step(|| "start slirp4netns")?;
    drop(tell);
    if ready.read_exact(&mut [0]).is_err() {
        let _ = program.wait();
        return Err(last_words());
    }
    ports.iter().try_for_each(forward)
}

/// Asks slirp4netns for a port; it takes one request a connection.
fn forward(port: &Publish) -> Result<()> {
    let step = || format!("lead {port} in");
    let request = format!(
        r#"{{"execute":"add_hostfwd","arguments":{{"proto":"{}","host_addr":"{}","host_port":{},"guest_port":{}}}}}"#,
        port.protocol.name(),
        port.host.ip(),
        port.host.port(),
        port.host.port(),
    );
    let mut answer = Vec::new();
    UnixStream::connect(API)
        .and_then(|mut api| {
            api.write_all(request.as_bytes())?;
            api.shutdown(Shutdown::Write)?;
            api.read_to_end(&mut answer)
        })
        .step(step)?;
    let answer = String::from_utf8_lossy(&answer);
    if answer.contains("\"error\"") {
        Err(Error::new(format!("{}: {}", step(), answer.trim())))
    } else {
        Ok(())
    }
}

/// The last line that a program wrote is the reason why it ended.
fn last_words() -> Error {
    let log = fs::read(LOG).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let last = log.lines().map(str::trim).rfind(|line| !line.is_empty());
    Error::new(last.unwrap_or("it ended without a word"))
}
