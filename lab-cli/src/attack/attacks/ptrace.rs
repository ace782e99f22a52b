//! Another value for a variable in a process of the host.

use std::io::IoSliceMut;
use std::sync::atomic::AtomicU64;

use nix::sys::ptrace;
use nix::sys::uio::{RemoteIoVec, process_vm_readv};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use process::{Result, Step};

use crate::attack::attacker::number;
use crate::attack::target::Attack;
use crate::attack::victim::Victim;

/// The variable: a child of the host has its own, at the same address.
static VARIABLE: AtomicU64 = AtomicU64::new(0);

/// What it is changed into.
const CHANGED: u64 = 0x6c61_622d_6576_696c;

pub const ATTACK: Attack = Attack {
    name: "ptrace",
    title: "take one over like a debugger",
    tries: "attach to a host's process with ptrace, and change a variable of it. A debugger \
            can as well change what the process does next.",
    why: "a tracer names its process by a number of its own PID namespace. Within that, the \
          kernel asks for the same user, or for CAP_SYS_PTRACE.",
    reference: "ptrace(2)",
    stopped_by: 2,
    run: |target| {
        let victim = Victim::start()?;
        let address = VARIABLE.as_ptr() as usize;
        let words = [victim.pid.to_string(), address.to_string()];
        let said = target.attack(&[], &words)?;
        let is_changed = read(victim.pid, address)? == CHANGED;
        Ok(said.judged(is_changed, "a variable of a host's process is another one"))
    },
    inside: |words| {
        let (pid, address) = (Pid::from_raw(number(words)?), number::<usize>(&words[1..])?);
        ptrace::attach(pid).step(|| format!("attach to process {pid}"))?;
        // It may be written to when it has stopped.
        waitpid(pid, None).step(|| format!("wait for process {pid}"))?;
        ptrace::write(pid, address as *mut _, CHANGED.cast_signed())
            .step(|| format!("write into process {pid}"))?;
        ptrace::detach(pid, None).step(|| format!("let process {pid} go"))?;
        Ok("changed".to_owned())
    },
};

fn read(pid: Pid, base: usize) -> Result<u64> {
    let mut bytes = [0; 8];
    let remote = RemoteIoVec { base, len: bytes.len() };
    process_vm_readv(pid, &mut [IoSliceMut::new(&mut bytes)], &[remote])
        .step(|| "look at the victim")?;
    Ok(u64::from_ne_bytes(bytes))
}
