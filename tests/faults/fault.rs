//! A run in which something goes wrong at one moment: somebody is killed, or a system call
//! fails.
//!
//! What is followed is the runtime, the container's first process or whoever comes in until its
//! exec, and who is sent ahead for it; not the programs that they start.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::{Ran, kernel};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tracer::{Event, Followed, Tracer};

use super::moment::{Calls, Moment, Who};

/// How long such a run may take: at every call it waits for us, and we for our turn.
const PATIENCE: Duration = Duration::from_secs(120);

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// The runtime gets SIGKILL.
    KillRuntime,
    /// The monitor of a detached container does.
    KillMonitor,
    /// The container's first process does, or whoever comes in.
    KillInit,
    /// Both do.
    KillBoth,
    /// Who is about to make the call does.
    KillCaller,
    /// The call is not made, and fails.
    Fail(Errno),
}

/// How a run went.
#[derive(Debug)]
pub struct Traced {
    /// What it printed, and its exit code.
    pub ran: Ran,
    /// The calls it made, as far as it was followed: until the fault.
    pub calls: Calls,
    /// The number of the system call at which the fault happened; `None` if the moment
    /// never came, or if that call cannot fail.
    pub hit: Option<i64>,
    /// Whether it ended by itself, within two minutes.
    pub is_in_time: bool,
    /// Whether the monitor of a detached container panicked: nobody hears what it says.
    pub has_monitor_panicked: bool,
}

/// Runs a program to its end, with a fault at one moment.
pub fn run(command: Command, fault: Option<(Moment, Fault)>) -> Traced {
    follow(command, fault, Followed::No)
}

/// The same with the monitor that it starts, also to its end.
pub fn run_detached(command: Command, fault: Option<(Moment, Fault)>) -> Traced {
    follow(command, fault, Followed::Yes)
}

fn follow(mut command: Command, fault: Option<(Moment, Fault)>, monitor: Followed) -> Traced {
    // Files, not pipes: who is left behind must not keep us waiting.
    let [stdout, stderr] = [(); 2].map(|()| tempfile::tempfile().expect("a temporary file"));
    command.stdout(stdout.try_clone().expect("a descriptor"));
    command.stderr(stderr.try_clone().expect("a descriptor"));

    let mut tracer = Tracer::start(command).expect("it starts");
    let runtime = tracer.first();
    tracer.follow_programs(runtime, monitor).expect("it is stopped");
    let has_monitor = monitor == Followed::Yes;
    let ours = Arc::new(Mutex::new(vec![runtime]));
    let (done, is_done) = channel::<()>();
    let late = Arc::clone(&ours);
    let watch = std::thread::spawn(move || {
        let is_late = is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
        for pid in late.lock().expect("nobody panicked").iter().filter(|_| is_late) {
            let _ = kill(*pid, Signal::SIGKILL);
        }
        !is_late
    });

    // With the process that holds its world, it dies as well.
    let has_runtime = matches!(fault, None | Some((_, Fault::KillInit | Fault::Fail(_))));
    let (mut calls, mut hit, mut code) = (Calls::new(), None, -1);
    let mut people = People { runtime, monitor: None, init: None };
    let (mut has_ended, mut has_monitor_panicked) = (false, false);
    let mut world = HashSet::new();
    while let Some((pid, event)) = tracer.next_event().expect("waitpid") {
        let who = match pid {
            pid if pid == runtime => Who::Runtime,
            pid if people.monitor == Some(pid) => Who::Monitor,
            pid if world.contains(&pid) => Who::World,
            _ => Who::Init,
        };
        match (who, event) {
            (Who::Runtime, Event::Forked { child }) if has_monitor => {
                people.monitor = Some(child);
                ours.lock().expect("nobody panicked").push(child);
            }
            (Who::Runtime | Who::Monitor, Event::Forked { child }) => people.init = Some(child),
            // By a go-between, in a container that is there already.
            (_, Event::Forked { child }) if is_child(people.parent(), child) => {
                people.init = Some(child);
            }
            // By who ends at once, so that it is nobody's child.
            (_, Event::Forked { child }) => {
                world.insert(child);
            }
            // What went wrong has gone wrong. To follow the rest would only take time; but
            // if the runtime is dead, nobody but us waits for the last of its processes.
            (Who::Monitor, Event::Entered(_)) if hit.is_some() => {}
            (_, Event::Entered(_)) if hit.is_some() && (has_runtime || has_monitor) => {
                tracer.let_go();
            }
            (_, Event::Left { result }) => calls.left(who, result),
            (_, Event::Entered(call)) => {
                let now = calls.count(who, &call);
                // A world's last calls come when the runtime has ended.
                let is_too_late = has_ended && matches!(fault, Some((_, Fault::KillRuntime)));
                if let Some((moment, fault)) = fault
                    && now == Some(moment)
                    && !is_too_late
                    && strike(&mut tracer, pid, call.number, fault, &people)
                {
                    hit = Some(call.number);
                }
            }
            (Who::Runtime, Event::Executed) => calls.load_again(who),
            (Who::Monitor, Event::Executed) => {
                calls.load_again(who);
                // What it starts itself is no program of ours.
                tracer.follow_programs(pid, Followed::No).expect("it is stopped");
            }
            (Who::Monitor, Event::Exited(PANICKED) | Event::Killed(Signal::SIGABRT)) => {
                has_monitor_panicked = true;
            }
            // It is the container's command from here on.
            (Who::Init | Who::World, Event::Executed) => tracer.let_go(),
            (Who::Runtime, Event::Exited(status)) => (code, has_ended) = (status, true),
            _ => {}
        }
    }
    drop(done);
    Traced {
        ran: Ran { stdout: text(stdout), stderr: text(stderr), code },
        calls,
        hit,
        is_in_time: watch.join().expect("the watch"),
        has_monitor_panicked,
    }
}

/// The exit code of a program of Rust that panicked.
const PANICKED: i32 = 101;

/// Whom a fault can meet.
struct People {
    runtime: Pid,
    monitor: Option<Pid>,
    init: Option<Pid>,
}

impl People {
    /// Whose child the container's first process is.
    fn parent(&self) -> Pid {
        self.monitor.unwrap_or(self.runtime)
    }
}

/// Has a fault happen at the call before which `caller` is stopped; `false` if that call
/// cannot fail, or if there is nobody to be killed.
fn strike(tracer: &mut Tracer, caller: Pid, number: i64, fault: Fault, people: &People) -> bool {
    let &People { runtime, monitor, init } = people;
    let shoot = |pid| kill(pid, Signal::SIGKILL).expect("it is there");
    // Only while its parent has not collected it: else its number is nobody's, or
    // another's.
    let init = init.filter(|init| is_child(people.parent(), *init));
    match fault {
        // Its number is its own as long as it is followed.
        Fault::KillMonitor => match monitor.filter(|it| kernel::is_alive(it.as_raw())) {
            Some(monitor) => shoot(monitor),
            None => return false,
        },
        Fault::KillRuntime => shoot(runtime),
        Fault::KillCaller => shoot(caller),
        Fault::KillInit => match init {
            Some(init) => shoot(init),
            None => return false,
        },
        Fault::KillBoth => {
            shoot(runtime);
            init.into_iter().for_each(shoot);
        }
        Fault::Fail(errno) => {
            let is_interrupted = errno == Errno::EINTR;
            if CANNOT_FAIL.contains(&number)
                || CAN_BE_INTERRUPTED.contains(&number) && !is_interrupted
            {
                return false;
            }
            // Whatever it says, close(2) has closed: that one is made.
            if number == libc::SYS_close {
                tracer.answer(errno);
            } else {
                tracer.refuse(errno);
            }
        }
    }
    true
}

fn is_child(parent: Pid, child: Pid) -> bool {
    kernel::children_of(parent.as_raw()).contains(&child.as_raw())
}

fn text(mut file: File) -> String {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("what it printed");
    String::from_utf8_lossy(&bytes).into_owned()
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
