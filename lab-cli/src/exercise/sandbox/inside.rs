//! The sandbox's own side: from the clone to the shell that runs the program.

use std::convert::Infallible;
use std::fs::File;
use std::io::{PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use cgroups::Cgroup;
use nix::fcntl::{OFlag, open};
use nix::sys::prctl;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, sigprocmask};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, sethostname, setsid};
use process::gate::ChildGate;
use process::{Error, Result, Step, exit_now};
use security::{Capabilities, Filters};

use super::plan::{Plan, WORK};
use super::root;
use crate::sys;

/// PID 1. It says how the program ended, and stays until it is released, or until the
/// checker is gone. Of the descriptors it uses for that, the program gets none.
const SHELL: &str = r#""$@" </dev/null 2>&5 3>&- 4<&- 5>&-; echo $? >&3; read _ <&4"#;

/// What the kernel has for tracing, programming and replacing itself. No runtime of
/// these exercises needs it, and faults are found there every year.
const FORBIDDEN: [&str; 18] = [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "kcmp",
    "bpf",
    "add_key",
    "request_key",
    "perf_event_open",
    "userfaultfd",
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "syslog",
    "io_uring_setup",
    "open_by_handle_at",
];

/// What a runtime needs beside Docker's default.
const NEEDED: [&str; 4] = ["SYS_ADMIN", "SYS_CHROOT", "NET_ADMIN", "SYS_NICE"];

/// The descriptors that PID 1 keeps.
pub struct Ends {
    /// For what the program prints.
    pub output: File,
    /// For its errors.
    pub errors: File,
    /// For its status.
    pub tell: PipeWriter,
    /// Closed when PID 1 is released.
    pub wait: PipeReader,
}

/// Compiles the filter of system calls, which is the parent's work.
///
/// # Errors
/// If it cannot be compiled.
pub fn filters(plan: &Plan) -> Result<Filters> {
    let add = NEEDED.map(str::parse).into_iter().collect::<std::result::Result<Vec<_>, _>>();
    let capabilities = Capabilities::choose(&add.map_err(Error::new)?, &[]);
    // Chapter 9 gives its container a session keyring; a learner's program need not do so.
    let with: &[&str] = if plan.is_lab { &["keyctl"] } else { &[] };
    Filters::adjusted(with, &FORBIDDEN, &capabilities)
}

/// Makes the sandbox from within, and becomes its PID 1.
pub fn become_shell(
    plan: &Plan,
    trees: Vec<OwnedFd>,
    cgroup: Option<&Cgroup>,
    filters: &Filters,
    gate: &ChildGate,
    ends: &Ends,
) -> ! {
    let null = match build(plan, &trees, cgroup, gate).and_then(|()| open_null()) {
        Ok(null) => null,
        Err(error) => {
            gate.fail(&error);
            exit_now(125)
        }
    };
    // 1 is the program's, 3 to 5 the shell's, which passes 5 on as 2.
    let fds = [
        (null.as_fd(), 0),
        (ends.output.as_fd(), 1),
        (null.as_fd(), 2),
        (ends.tell.as_fd(), 3),
        (ends.wait.as_fd(), 4),
        (ends.errors.as_fd(), 5),
    ];
    sys::renumber(&fds, |moved| {
        let moved = moved.step(|| "connect the program's output");
        let Err(error) = moved.and_then(|()| exec_shell(plan, filters));
        gate.fail(&error);
        125
    })
}

/// Makes the sandbox, and waits until it may be used.
fn build(plan: &Plan, trees: &[OwnedFd], cgroup: Option<&Cgroup>, gate: &ChildGate) -> Result<()> {
    // Away from the caller's terminal, and from its Ctrl-C.
    setsid().step(|| "make a session")?;
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
        .step(|| "unblock all signals")?;
    // The keys of whoever runs the check stay outside. A host may not have any.
    let _ = security::join_new_session_keyring();
    prctl::set_pdeathsig(Signal::SIGKILL).step(|| "ask for a parent-death signal")?;
    match cgroup {
        Some(cgroup) => cgroup.enter()?,
        None => nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWCGROUP)
            .step(|| "make a cgroup namespace")?,
    }
    mount_ns::isolate()?;
    root::furnish(plan, trees)?;
    if let Some(cgroup) = cgroup.filter(|_| plan.delegate) {
        cgroup.mount_inside()?;
        root::open_cgroups()?;
    }
    sethostname("sandbox").step(|| "set the sandbox's host name")?;
    net_ns::set_up_loopback()?;
    root::share_mounts()?;
    set_limits(plan, cgroup.is_some())?;
    gate.hold()?;
    chdir(WORK).step(|| format!("change to {WORK}"))
}

fn open_null() -> Result<OwnedFd> {
    open("/dev/null", OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty()).step(|| "open /dev/null")
}

fn exec_shell(plan: &Plan, filters: &Filters) -> Result<Infallible> {
    sys::close_on_exec_from(6).step(|| "close all other descriptors")?;
    // Without no_new_privs, which exercises want to set themselves: CAP_SYS_ADMIN in here
    // is enough to add a filter, and no set-user-ID program of the host has an owner that
    // this user namespace knows.
    filters.load()?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", SHELL, "sandbox"]).args(&plan.argv).env_clear();
    shell.envs(plan.env.iter().map(|(key, value)| (key, value)));
    Err(shell.exec()).step(|| "start the sandbox's shell")
}

/// What counts for each process, or for each user: the only limits there are for those
/// who may not make cgroups.
fn set_limits(plan: &Plan, has_cgroup: bool) -> Result<()> {
    let data = if has_cgroup { RLIM_INFINITY } else { plan.limits.memory };
    let limits = [
        (Resource::RLIMIT_DATA, data),
        (Resource::RLIMIT_FSIZE, plan.limits.disk),
        (Resource::RLIMIT_NOFILE, 1024),
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_NPROC, plan.limits.processes.into()),
    ];
    for (resource, limit) in limits {
        let (_, hard) = getrlimit(resource).step(|| "read a limit")?;
        let limit = limit.min(hard);
        setrlimit(resource, limit, limit).step(|| format!("set the limit {resource:?}"))?;
    }
    // Of processor time, the first limit is a signal with a name, the second one SIGKILL.
    let (_, hard) = getrlimit(Resource::RLIMIT_CPU).step(|| "read a limit")?;
    let hard = hard.min(plan.limits.cpu + 1);
    setrlimit(Resource::RLIMIT_CPU, hard.saturating_sub(1), hard)
        .step(|| "set the limit of processor time")?;
    Ok(())
}
