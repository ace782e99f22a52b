//! A socket that has a name and no file.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

use process::Step;

use crate::attack::target::Attack;

/// What the host's socket is called.
const NAME: &str = "lab-canary";

pub const ATTACK: Attack = Attack {
    name: "abstract-socket",
    title: "reach an abstract socket",
    tries: "connect to a Unix socket that has a name but no file, as X servers and, in 2020, \
            containerd had.",
    why: "no file, so no root directory or mount hides it; these names belong to the network \
          namespace. With --network host they are the host's again.",
    reference: "unix(7), CVE-2020-15257",
    stopped_by: 5,
    run: |target| {
        let address = SocketAddr::from_abstract_name(NAME).step(|| "name a socket")?;
        let service = UnixListener::bind_addr(&address).step(|| "offer a socket")?;
        let said = target.attack::<&str>(&[], &[])?;
        service.set_nonblocking(true).step(|| "look who came")?;
        let has_come = service.accept().is_ok();
        Ok(said.judged(has_come, "the host's socket was reached"))
    },
    inside: |_| {
        let address = SocketAddr::from_abstract_name(NAME).step(|| "name a socket")?;
        UnixStream::connect_addr(&address).step(|| "connect to the abstract socket")?;
        Ok("connected".to_owned())
    },
};
