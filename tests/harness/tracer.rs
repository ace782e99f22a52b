//! A runtime at whose every system call something can go wrong: ptrace(2).
//!
//! Killing a program after some milliseconds would find another moment in each run.
//! ptrace stops it before and after each of its system calls, and between two of them
//! nothing changes that anybody else could see. So the n-th call is an exact moment, and
//! the list of all calls is the list of all moments:
//!
//! ```text
//!   runtime   …  mkdir  write  clone3 ┬ sendto  …  recvmsg … sendmsg    wait …  rmdir
//!   init                              └ write  unshare  mount …  recvmsg  exec
//! ```
//!
//! At the chosen call, somebody gets SIGKILL, or the call fails: its number is replaced
//! by one that no call has, so that the kernel does nothing, and then its result by an
//! errno.
//!
//! What is watched is the runtime, and the container's first process until its exec; not
//! the programs that they start. The runtime is watched from its `main` on. What comes
//! before is the work of the dynamic loader, the C library and Rust's own start, of which
//! the last thing is to set up a stack for signal handlers, and these: sigaltstack(2) and
//! sigaction(2). The next call after them is the first.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::sys::{self, Call};
use crate::{Ran, kernel, registers};

/// How long a traced run may take: at every stop it waits for us, and we for our turn.
const PATIENCE: Duration = Duration::from_secs(120);

/// Whose system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The program that was started.
    Runtime,
    /// The process it makes, until that executes the container's command.
    Init,
}

/// Just before one system call.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Whose call it is.
    pub who: Who,
    /// Which of its calls, from 1 on.
    pub call: usize,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The runtime gets SIGKILL.
    KillRuntime,
    /// The container's first process does.
    KillInit,
    /// Both do.
    KillBoth,
    /// The call is not made, and fails.
    Fail(Errno),
}

/// How a traced run went.
#[derive(Debug)]
pub struct Traced {
    /// What it printed, and its exit code.
    pub ran: Ran,
    /// The calls that the runtime made.
    pub runtime_calls: usize,
    /// The calls that the container's first process made.
    pub init_calls: usize,
    /// The number of the system call at which the fault happened; `None` if the moment
    /// never came, or if that call cannot fail.
    pub hit: Option<i64>,
    /// Whether it ended by itself, within two minutes.
    pub is_in_time: bool,
}

impl Traced {
    /// Every moment of this run.
    pub fn moments(&self) -> Vec<Moment> {
        let of = |who, calls| (1..=calls).map(move |call| Moment { who, call });
        of(Who::Runtime, self.runtime_calls).chain(of(Who::Init, self.init_calls)).collect()
    }
}

/// Runs a program to its end, with a fault at one moment.
pub fn run(mut command: Command, fault: Option<(Moment, Fault)>) -> Traced {
    // Files, not pipes: who is left behind must not keep us waiting.
    let [stdout, stderr] = [(); 2].map(|()| tempfile::tempfile().expect("a temporary file"));
    command.stdout(stdout.try_clone().expect("a descriptor"));
    command.stderr(stderr.try_clone().expect("a descriptor"));
    sys::trace_me(&mut command);
    // It is waited for by its number: only waitpid(2) tells of stops.
    let runtime = Pid::from_raw(command.spawn().expect("it starts").id() as i32);
    drop(command);

    let mut tracer = Tracer::new(runtime, fault);
    let (done, is_done) = channel::<()>();
    let watch = std::thread::spawn(move || {
        let is_late = is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
        if is_late {
            let _ = kill(runtime, Signal::SIGKILL);
        }
        !is_late
    });
    tracer.follow();
    drop(done);
    Traced {
        ran: Ran { stdout: text(stdout), stderr: text(stderr), code: tracer.code },
        runtime_calls: tracer.calls(Who::Runtime),
        init_calls: tracer.calls(Who::Init),
        hit: tracer.hit,
        is_in_time: watch.join().expect("the watch"),
    }
}

fn text(mut file: File) -> String {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("what it printed");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// One traced process.
struct Tracee {
    who: Who,
    /// Whether it is past its first stop, which is no signal but ptrace's greeting.
    has_started: bool,
    /// Whether it has come to `main`.
    progress: Progress,
    /// The error that the call it is in shall return.
    error: Option<Errno>,
}

/// How far a program has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Loading,
    /// Rust has given it a stack for signal handlers.
    HasSignalStack,
    InMain,
}

struct Tracer {
    runtime: Pid,
    init: Option<Pid>,
    tracees: HashMap<Pid, Tracee>,
    calls: [usize; 2],
    fault: Option<(Moment, Fault)>,
    hit: Option<i64>,
    code: i32,
}

impl Tracer {
    fn new(runtime: Pid, fault: Option<(Moment, Fault)>) -> Self {
        let first = Tracee {
            who: Who::Runtime,
            has_started: false,
            progress: Progress::Loading,
            error: None,
        };
        Self {
            runtime,
            init: None,
            tracees: HashMap::from([(runtime, first)]),
            calls: [0; 2],
            fault,
            hit: None,
            code: -1,
        }
    }

    fn calls(&self, who: Who) -> usize {
        self.calls[who as usize]
    }

    /// Lets them go from stop to stop until nobody is left.
    fn follow(&mut self) {
        // Of this thread only: other tests have children as well.
        let ours = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
        loop {
            match waitpid(None, Some(ours)) {
                Ok(status) => self.handle(status),
                Err(Errno::ECHILD) => return,
                Err(errno) => assert_eq!(errno, Errno::EINTR, "waitpid"),
            }
        }
    }

    fn handle(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::Exited(pid, code) if pid == self.runtime => self.code = code,
            WaitStatus::Stopped(pid, signal) => {
                let signal = self.greet(pid).then_some(signal);
                go_on(pid, signal);
            }
            WaitStatus::PtraceEvent(pid, _, event) if event == Event::PTRACE_EVENT_FORK as i32 => {
                if let Ok(child) = ptrace::getevent(pid) {
                    self.meet(Pid::from_raw(child as i32));
                }
                go_on(pid, None);
            }
            WaitStatus::PtraceEvent(pid, ..) => self.executes(pid),
            WaitStatus::PtraceSyscall(pid) => {
                if let Ok(call) = sys::call(pid) {
                    self.at(pid, call);
                }
                go_on(pid, None);
            }
            _ => {}
        }
    }

    /// A process's stop by a signal: `false` if it is the first stop of all.
    fn greet(&mut self, pid: Pid) -> bool {
        if pid == self.runtime && !self.tracees[&pid].has_started {
            let options = Options::PTRACE_O_TRACESYSGOOD
                | Options::PTRACE_O_TRACEFORK
                | Options::PTRACE_O_TRACEEXEC
                | Options::PTRACE_O_EXITKILL;
            ptrace::setoptions(pid, options).expect("it is traced");
        }
        let tracee = self.meet(pid);
        std::mem::replace(&mut tracee.has_started, true)
    }

    /// A child may stop before its parent's event tells of it.
    fn meet(&mut self, pid: Pid) -> &mut Tracee {
        if pid != self.runtime {
            self.init = Some(pid);
        }
        self.tracees.entry(pid).or_insert(Tracee {
            who: Who::Init,
            has_started: false,
            progress: Progress::InMain,
            error: None,
        })
    }

    /// The runtime executes itself once more, or init becomes the command.
    fn executes(&mut self, pid: Pid) {
        match self.tracees.get_mut(&pid) {
            Some(tracee) if tracee.who == Who::Runtime => {
                tracee.progress = Progress::Loading;
                go_on(pid, None);
            }
            _ => {
                self.tracees.remove(&pid);
                let _ = ptrace::detach(pid, None);
            }
        }
    }

    /// Before or after a system call.
    fn at(&mut self, pid: Pid, call: Call) {
        let Some(tracee) = self.tracees.get_mut(&pid) else { return };
        let Call::Entered { number, argument } = call else {
            if let Some(error) = tracee.error.take() {
                registers::set_result(pid, error);
            }
            return;
        };
        tracee.progress = match (tracee.progress, number) {
            (Progress::Loading, libc::SYS_sigaltstack) if argument != 0 => Progress::HasSignalStack,
            (Progress::Loading, _) => Progress::Loading,
            (Progress::HasSignalStack, libc::SYS_rt_sigaction | libc::SYS_gettid) => return,
            _ => Progress::InMain,
        };
        if tracee.progress != Progress::InMain {
            return;
        }
        let who = tracee.who;
        self.calls[who as usize] += 1;
        if let Some((moment, fault)) = self.fault
            && (moment.who, moment.call) == (who, self.calls(who))
        {
            self.strike(pid, number, fault);
        }
    }

    fn strike(&mut self, pid: Pid, number: i64, fault: Fault) {
        let shoot = |pid| kill(pid, Signal::SIGKILL).expect("it is there");
        // Only while the runtime has not collected it: else its number is nobody's, or
        // another's.
        let runtime = self.runtime.as_raw();
        let init = self.init.filter(|init| kernel::child_of(runtime) == Some(init.as_raw()));
        match fault {
            Fault::KillRuntime => shoot(self.runtime),
            Fault::KillInit => init.into_iter().for_each(shoot),
            Fault::KillBoth => {
                shoot(self.runtime);
                init.into_iter().for_each(shoot);
            }
            Fault::Fail(_) if CANNOT_FAIL.contains(&number) => return,
            Fault::Fail(errno) if CAN_BE_INTERRUPTED.contains(&number) && errno != Errno::EINTR => {
                return;
            }
            Fault::Fail(errno) => {
                // Whatever it says, close(2) has closed: that one is made.
                if number != libc::SYS_close {
                    registers::make_no_call(pid);
                }
                if let Some(tracee) = self.tracees.get_mut(&pid) {
                    tracee.error = Some(errno);
                }
            }
        }
        self.hit = Some(number);
    }
}

/// Who was killed meanwhile needs no telling.
fn go_on(pid: Pid, signal: Option<Signal>) {
    let _ = ptrace::syscall(pid, signal);
}

/// The calls whose result is never an error, or only after wrong arguments; the C library
/// does not look for one, or aborts.
const CANNOT_FAIL: [i64; 12] = [
    libc::SYS_brk,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_rt_sigprocmask,
    libc::SYS_umask,
];

/// The calls that, of all errors, may be interrupted only. Rust's library counts on it,
/// and panics otherwise.
const CAN_BE_INTERRUPTED: [i64; 2] = [libc::SYS_close, libc::SYS_getrandom];
