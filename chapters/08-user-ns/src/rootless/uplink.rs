//! A way out for a network of one's own: the uplink.
//!
//! An ordinary user may make a network, but not join it with the host's: the other end of
//! any cable would be in there. Everybody may open sockets on the host. So a program
//! outside reads the packets that leave our network by a *tap* device, plays the rest of
//! the world to it, in user space, and does on the host, with ordinary sockets, what was
//! asked for:
//!
//! ```text
//!   in the user namespace                             ║  the host's network
//!   container ── veth ── lab0 ── NAT ── tap ── packets ║ pasta ── sockets ── …
//! ```
//!
//! There are two such programs, see `userspace.rs`. Each runs in a process of ours
//! that was split off while our network was the host's, and that is PID 1 of a PID
//! namespace: when it dies, the kernel kills what it has started, however well that has
//! hidden itself. And it dies with the holder of the network, by a parent-death signal. So
//! there is nothing to sweep.
//!
//! ```text
//!   lab:network ── clone ── unshare network ── "begin" ──▶ waits, with a deadline ──▶ holds it
//!                    └─ 1 lab:uplink ───────────┴─ pasta ─── "ok" or why not
//! ```

use std::fs::File;
use std::io::{Read, Write};
use std::mem::ManuallyDrop;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, dup2_stderr, getpid, setsid};
use process::{CloneArgs, CloneFlags, Cloned, Error, Result, Step, clone, exit_now};

use super::userspace::Tool;

/// How long a program may take to connect a network. Some have been seen to hang.
const PATIENCE: Duration = Duration::from_secs(5);

/// The answer of one that has.
const OK: &str = "ok";

/// A process that waits to connect our network. Dropping it ends it.
pub(super) struct Uplink {
    tool: Tool,
    pid: Pid,
    line: UnixStream,
}

impl Uplink {
    /// Splits off a process for each program there is, in the network that it shall
    /// lead to.
    ///
    /// # Errors
    /// If this host has none, or does not let us make a tap.
    pub fn split_off_all() -> Result<Vec<Self>> {
        Tool::find()?.into_iter().map(Self::split_off).collect()
    }

    fn split_off(tool: Tool) -> Result<Self> {
        let holder = getpid();
        let (line, far_end) = UnixStream::pair().step(|| "make a socket pair")?;
        match clone(CloneArgs::from(CloneFlags::CLONE_NEWPID))? {
            Cloned::Parent(pid, _) => Ok(Self { tool, pid, line }),
            Cloned::Child => {
                drop(line);
                serve(tool, holder, far_end)
            }
        }
    }

    /// Lets one of them connect the network in which we are by now, and returns its name and
    /// process.
    ///
    /// # Errors
    /// If none can.
    pub fn connect_one(uplinks: Vec<Self>) -> Result<(&'static str, Pid)> {
        let mut failures = Vec::new();
        for uplink in uplinks {
            let (name, pid) = (uplink.tool.name(), uplink.pid);
            match uplink.connect() {
                Ok(()) => return Ok((name, pid)),
                Err(why) => failures.push(format!("{name}: {why}")),
            }
        }
        Err(Error::new(failures.join("; ")))
    }

    fn connect(mut self) -> std::result::Result<(), String> {
        let mut answer = String::new();
        let asked = self.line.write_all(&[0]);
        let answered = asked
            .and_then(|()| self.line.set_read_timeout(Some(PATIENCE)))
            .and_then(|()| self.line.read_to_string(&mut answer));
        match (answered, answer.as_str()) {
            (Err(_), _) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
            (Ok(_), OK) => {
                // It goes on, and ends with us: it is not to be dropped.
                let _ = ManuallyDrop::new(self);
                Ok(())
            }
            (Ok(_), why) => Err(why.to_owned()),
        }
    }
}

impl Drop for Uplink {
    fn drop(&mut self) {
        let _ = kill(self.pid, Signal::SIGKILL);
        let _ = waitpid(self.pid, None);
    }
}

fn let_go_of_errors() -> Result<()> {
    let null = File::options().write(true).open("/dev/null").step(|| "open /dev/null")?;
    dup2_stderr(null).step(|| "let go of the caller's files")
}

/// The life of that process.
fn serve(tool: Tool, holder: Pid, mut line: UnixStream) -> ! {
    let _ = prctl::set_name(c"lab:uplink");
    let _ = prctl::set_pdeathsig(Signal::SIGKILL);
    // Ctrl-C is for the container.
    let _ = setsid();
    // An early end says that we are not needed, or that the holder died before it could
    // have taken us along.
    if line.read_exact(&mut [0]).is_err() {
        exit_now(0);
    }
    // We outlive the run that has made the network. Whoever reads its errors to their end,
    // as `lab run … 2>&1 | less` does, must not wait for us.
    if let Err(error) = let_go_of_errors() {
        let _ = line.write_all(error.to_string().as_bytes());
        exit_now(1);
    }
    let path = format!("/proc/{holder}/ns/net");
    let network = File::open(&path).step(|| format!("open {path}"));
    match network.and_then(|network| tool.connect(network)) {
        Ok(()) => {
            let _ = line.write_all(OK.as_bytes());
            let _ = line.shutdown(Shutdown::Both);
        }
        Err(error) => {
            let _ = line.write_all(error.to_string().as_bytes());
            exit_now(1);
        }
    }
    // PID 1 has to wait for everybody's children; without any, it has no more to do.
    while waitpid(None, None) != Err(Errno::ECHILD) {}
    exit_now(0)
}
