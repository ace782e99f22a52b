//! Networks for the tests: namespaces in the place of the host and of other machines.
//!
//! A test of the bridge runs `lab` in a network namespace of its own, which has its
//! own `lab0`, ports, rules and switches. So it needs nothing of this machine's
//! network, meets no other test, and can look at *everything* that is left:
//!
//! ```text
//!   elsewhere                 the test's host                   container
//!     198.51.100.2 ── veth ──── 198.51.100.1     lab0 ── veth ──── eth0
//! ```
//!
//! No namespace has a name. The kernel frees each with its last user, which is a file
//! descriptor here: a test that is killed leaves nothing.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, connect, socket};

use crate::kernel::wait_for;
use crate::{DEADLINE, eventually, sys};

/// The address of a host that [`Net::host`] made.
pub const HOST: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 1);

/// A network namespace.
pub struct Net(File);

impl Net {
    /// A new one, in which only `lo` is up.
    pub fn new() -> Self {
        on_new_thread(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("a network namespace");
            sys::set_up_loopback().expect("it has one");
            // It has taken over what the machine is: a router, while there are containers.
            fs::write("/proc/sys/net/ipv4/ip_forward", "0").expect("a switch");
            Self(File::open("/proc/thread-self/ns/net").expect("our namespace"))
        })
    }

    /// A host, and another machine that has a cable to it.
    pub fn host() -> (Self, Self) {
        let host = Self::new();
        let elsewhere = host.beside("cable", "198.51.100.1", "198.51.100.2");
        (host, elsewhere)
    }

    /// Another machine, with a cable from here: a link of this `name`, with the address
    /// `here` on this side.
    pub fn beside(&self, name: &str, here: &str, there: &str) -> Self {
        let machine = Self::new();
        let its = format!("/proc/{}/fd/{}", std::process::id(), machine.0.as_raw_fd());
        self.ip(&format!("link add {name} type veth peer name {name} netns {its}"));
        for (net, address) in [(self, here), (&machine, there)] {
            net.ip(&format!("address add {address}/24 dev {name}"));
            net.ip(&format!("link set {name} up"));
        }
        // Both ends are on; that there is somebody at the other one is noticed later.
        for net in [self, &machine] {
            let link = format!("-brief link show {name}");
            eventually("the cable carries", || net.ip(&link).contains(" UP "));
        }
        machine
    }

    /// The one that a process is in.
    pub fn of(pid: i32) -> Self {
        Self(File::open(format!("/proc/{pid}/ns/net")).expect("a network namespace"))
    }

    /// Does something in this network. Processes and sockets made there stay in it.
    pub fn inside<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        on_new_thread(|| {
            setns(&self.0, CloneFlags::CLONE_NEWNET).expect("the namespace can be entered");
            act()
        })
    }

    /// Runs ip(8) in it, and returns what it prints.
    #[track_caller]
    pub fn ip(&self, args: &str) -> String {
        self.run(&format!("ip {args}"))
    }

    /// Runs a shell command in it, and returns what it prints.
    #[track_caller]
    pub fn run(&self, script: &str) -> String {
        let output = self.inside(|| Command::new("sh").args(["-c", script]).output());
        let output = output.expect("sh starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {errors}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A switch of this namespace, such as `ipv4/ip_forward`.
    pub fn sysctl(&self, name: &str) -> String {
        let path = format!("/proc/sys/net/{name}");
        self.inside(|| fs::read_to_string(path)).expect("a switch").trim().to_owned()
    }

    /// All that could be left in it: links, addresses, neighbours, routes, our rules. Of
    /// the programs to ask, a host may have none, so it is read from /proc.
    ///
    /// Of iptables, empty tables remain once it was used: they are the kernel's own.
    pub fn everything(&self) -> String {
        self.run(
            "cd /proc/thread-self/net
             echo links; sed '1,2d; s/:.*//; s/ //g' dev
             echo addresses; grep -B 1 '/32 host LOCAL' fib_trie | sed -n 's/.*|-- //p' | sort -u
             echo neighbours; while read -r address type flags mac mask link; do
                 case $flags in 0x[4567]) echo \"$address $mac $link\" ;; esac
             done < arp
             echo routes; while read -r link to gateway flags uses used metric mask rest; do
                 echo \"$link $to/$mask $gateway\"
             done < route
             cat /proc/sys/net/ipv4/ip_forward
             if command -v nft > /dev/null; then nft list ruleset | grep -w lab.*; fi
             if command -v iptables-save > /dev/null; then iptables-save | grep -w lab.*; fi; true",
        )
    }

    /// Waits until everything is as it was `before`.
    #[track_caller]
    pub fn wait_until(&self, before: &str) {
        assert_eq!(self.differs_from(before), None, "the network is not as before");
    }

    /// Tells what is not as it was `before`, after a while: the kernel takes down a network
    /// namespace, and the cable that ends in it, in its own time.
    pub fn differs_from(&self, before: &str) -> Option<String> {
        let (start, mut pause) = (Instant::now(), Duration::from_millis(10));
        loop {
            let now = self.everything();
            if now == before {
                return None;
            }
            if start.elapsed() > DEADLINE {
                return Some(format!("the network was:\n{before}and is:\n{now}"));
            }
            sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    /// Listens on a TCP port of every address.
    pub fn listen(&self, port: u16) -> TcpListener {
        self.inside(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port))).expect("a free port")
    }

    /// Listens on a UDP port of every address.
    pub fn listen_udp(&self, port: u16) -> UdpSocket {
        self.inside(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port))).expect("a free port")
    }

    /// Whether a client here, calling `address`, talks to just that `server`; if so,
    /// whom the server takes it for.
    pub fn reaches(
        &self,
        address: impl Into<SocketAddr>,
        server: &TcpListener,
    ) -> Option<SocketAddr> {
        let address = address.into();
        let mut client = self.inside(|| TcpStream::connect_timeout(&address, DEADLINE / 4)).ok()?;
        // At once, as most clients do: a proxy between the two may wait for it.
        client.write_all(b"question").ok()?;
        server.set_nonblocking(true).expect("a socket");
        let (mut served, peer) = wait_for("the connection", || match server.accept() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            accepted => Some(accepted.expect("a connection")),
        });
        served.set_nonblocking(false).expect("a socket");
        for socket in [&client, &served] {
            socket.set_read_timeout(Some(DEADLINE)).expect("a socket");
        }
        let mut word = [0; 8];
        served.read_exact(&mut word).expect("it arrives");
        assert_eq!(&word, b"question");
        served.write_all(b"answered").expect("it is sent");
        client.read_exact(&mut word).expect("it arrives");
        assert_eq!(&word, b"answered");
        Some(peer)
    }

    /// Whether a call is not answered, where there is a server: it was dropped on the way.
    pub fn is_kept_from(&self, address: impl Into<SocketAddr>) -> bool {
        let (address, patience) = (address.into(), Duration::from_millis(700));
        match self.inside(|| TcpStream::connect_timeout(&address, patience)) {
            Ok(_) => false,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::TimedOut, "{address}");
                true
            }
        }
    }

    /// Whether a call of `address` is lost, while one that goes the same way after it comes
    /// to `open`.
    ///
    /// Nobody answers a packet that is dropped, however long one waits. But packets keep
    /// their order: once a later one is answered, this one will not be.
    pub fn is_ignored(
        &self,
        address: SocketAddrV4,
        server: &TcpListener,
        open: (impl Into<SocketAddr>, &TcpListener),
    ) -> bool {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let client = self.inside(|| socket(AddressFamily::Inet, SockType::Stream, flags, None));
        let client = client.expect("a socket");
        let calls = connect(client.as_raw_fd(), &SockaddrIn::from(address));
        assert_eq!(calls, Err(Errno::EINPROGRESS), "it calls");
        assert!(self.reaches(open.0, open.1).is_some(), "the way is open");
        server.set_nonblocking(true).expect("a socket");
        server.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    }

    /// The same as [`Self::reaches`] with a message each way.
    pub fn reaches_udp(&self, address: impl Into<SocketAddr>, server: &UdpSocket) -> bool {
        let client = self
            .inside(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)))
            .expect("any port of our own");
        for socket in [&client, server] {
            socket.set_read_timeout(Some(DEADLINE / 4)).expect("a socket");
        }
        // Connected: an answer counts only if it comes from where the question went.
        if client.connect(address.into()).is_err() || client.send(b"question").is_err() {
            return false;
        }
        let mut word = [0; 8];
        let Ok((8, peer)) = server.recv_from(&mut word) else { return false };
        server.send_to(b"answered", peer).expect("it is sent");
        client.recv(&mut word).is_ok_and(|length| &word[..length] == b"answered")
    }
}

impl Default for Net {
    fn default() -> Self {
        Self::new()
    }
}

/// A thread may be in another network than the rest of its process.
fn on_new_thread<T: Send>(act: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(act).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}
