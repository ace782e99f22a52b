//! Networks in user space: `pasta(1)` and `slirp4netns(1)`.
//!
//! | | pasta | slirp4netns |
//! |---|---|---|
//! | the tap's address | the host's own | 10.0.2.100, behind a router of its own |
//! | how it says that all is set | it goes to the background | `--ready-fd` |
//!
//! Both want to be kind and make the host's loopback reachable by the gateway's address;
//! what listens there trusts whoever is on this machine, so we switch that off. And both
//! make their tap by /dev/net/tun.
//!
//! They get the network by a descriptor, as their standard input. A path of /proc would
//! not do: whoever has given up capabilities, as pasta has by then, may not look at the
//! namespaces of a process that has them, ptrace(2).

use std::fs::{self, File, OpenOptions};
use std::io::{Read, pipe};
use std::os::fd::AsRawFd;
use std::process::{Command, Stdio};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::fchdir;
use process::{Error, Result, Step, search_path};

/// Where the network is found.
const NETWORK: &str = "/proc/self/fd/0";

/// What makes taps; everybody's on most hosts.
const TUN: &str = "/dev/net/tun";

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
        tools.retain(|tool| search_path::find(tool.name()).is_some());
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

    /// Connects `network` with the one in which we are. The program goes on then.
    pub fn connect(self, network: File) -> Result<()> {
        // Their files go into a tmpfs without a place, which the kernel frees.
        fchdir(mount_ns::detached_tmpfs()?).step(|| "enter a tmpfs")?;
        let log = File::create(LOG).step(|| "create a log")?;
        let mut command = Command::new(self.name());
        command.stdin(network).stdout(Stdio::null()).stderr(log);
        match self {
            Self::Pasta => pasta(command),
            Self::Slirp4netns => slirp4netns(command),
        }
    }
}

fn pasta(mut command: Command) -> Result<()> {
    command.args(["--config-net", "--netns-only", "--netns", NETWORK, "--no-map-gw"]);
    // Otherwise it leads in whatever it finds listening, on either side.
    command.args(["-t", "none", "-u", "none", "-T", "none", "-U", "none"]);
    // The containers have no IPv6, and so neither has this network.
    command.arg("--ipv4-only");
    if command.status().step(|| "start pasta")?.success() { Ok(()) } else { Err(last_words()) }
}

fn slirp4netns(mut command: Command) -> Result<()> {
    let (mut ready, tell) = pipe().step(|| "make a pipe")?;
    fcntl(&tell, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let a pipe be inherited")?;
    command.args(["--configure", "--mtu=65520", "--disable-host-loopback"]);
    command.arg(format!("--ready-fd={}", tell.as_raw_fd()));
    command.args(["--netns-type=path", NETWORK, "tap0"]);
    let mut program = command.spawn().step(|| "start slirp4netns")?;
    drop(tell);
    if ready.read_exact(&mut [0]).is_err() {
        let _ = program.wait();
        return Err(last_words());
    }
    Ok(())
}

/// The last line that a program wrote is the reason why it ended.
fn last_words() -> Error {
    let log = fs::read(LOG).unwrap_or_default();
    let log = String::from_utf8_lossy(&log);
    let last = log.lines().map(str::trim).rfind(|line| !line.is_empty());
    Error::new(last.unwrap_or("it ended without a word"))
}
