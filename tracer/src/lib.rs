//! Follows a program, and the processes it makes, from system call to system call:
//! ptrace(2).
//!
//! The kernel *stops* a traced process before and after each of its system calls, when it
//! has made another process and when it has executed a program. A stopped process does
//! nothing. Its tracer hears of the stop from waitpid(2), looks, and lets it go on to the
//! next one:
//!
//! ```text
//!   program  ─┤ mkdir ├─┤ clone3 ├────────┤ wait4   …   ├─┤ exit_group     Exited
//!                                └ Forked
//!   child                          ┤ write ├─┤ execve ├───…  Exited
//!             │       │                               └ Executed
//!        Entered     Left
//! ```
//!
//! With that, a small strace(1) is a loop:
//!
//! ```
//! # use std::process::Command;
//! # use tracer::{Event, Tracer};
//! let mut tracer = Tracer::start(Command::new("true"))?;
//! while let Some((pid, event)) = tracer.next_event()? {
//!     match event {
//!         Event::Entered(call) => println!("{pid} call {}", call.number),
//!         Event::Left { result } => println!("{pid}   = {result}"),
//!         Event::Exited(code) => println!("{pid} exit code {code}"),
//!         _ => {}
//!     }
//! }
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A call can be changed as well, while its process is stopped before it:
//! [`Tracer::refuse`], [`Tracer::answer`].
//!
//! Left out: threads, and the children of vfork(2), as which libraries start other
//! programs. They run as if nobody looked. Signals are passed on, and not told of.

mod event;
mod registers;
mod sys;

use std::collections::{HashMap, HashSet};
use std::io;
use std::marker::PhantomData;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

pub use event::{Call, Event, MADE_AGAIN};

/// Whether [`Tracer::refuse`] and [`Tracer::answer`] are known for this processor.
pub const CAN_CHANGE_CALLS: bool = registers::ARE_KNOWN;

/// Waits for all that this thread traces, and for nobody else: other threads of a tracer
/// have children as well.
const OURS: WaitPidFlag = WaitPidFlag::__WALL.union(WaitPidFlag::__WNOTHREAD);

/// What ptrace tells of a new process, or of a new thread.
const HAS_FORKED: [i32; 3] = [
    ptrace::Event::PTRACE_EVENT_FORK as i32,
    ptrace::Event::PTRACE_EVENT_VFORK as i32,
    ptrace::Event::PTRACE_EVENT_CLONE as i32,
];

/// How long a call waits that is made again.
const PAUSE: Duration = Duration::from_millis(1);

/// Follows a program, and the processes that it makes by fork(2) and clone(2).
///
/// A process is traced by a thread, so all of this is for the thread that has started the
/// program. With the end of that thread, whoever is still followed is killed.
#[must_use = "the program is stopped until its events are asked for"]
pub struct Tracer {
    first: Pid,
    processes: HashMap<Pid, Process>,
    /// Those that have stopped before their parents told of them.
    early: HashSet<Pid>,
    /// Who has stopped for the last event, and waits to be let go.
    stopped: Option<Pid>,
    of_this_thread: PhantomData<*const ()>,
}

/// Whether a program is followed that somebody starts who is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followed {
    /// It is.
    Yes,
    /// It is not, which is how it begins.
    No,
}

/// What is known of one that is followed.
#[derive(Default)]
struct Process {
    /// Whether it has been stopped once: the first stop is no signal of anybody, but how
    /// ptrace begins.
    has_begun: bool,
    /// The error with which the call that it is in shall end.
    answer: Option<Errno>,
}

impl Tracer {
    /// Starts a program, and stops it before its first instruction.
    ///
    /// # Errors
    ///
    /// The program cannot be executed, or tracing is forbidden here.
    pub fn start(mut command: Command) -> io::Result<Self> {
        sys::trace_me(&mut command);
        // The standard library's handle is dropped: it would wait for the end, not for stops.
        let first = Pid::from_raw(command.spawn()?.id().cast_signed());
        waitpid(first, Some(WaitPidFlag::__WALL))?;
        ptrace::setoptions(first, options())?;
        Ok(Self {
            first,
            processes: HashMap::from([(first, Process { has_begun: true, answer: None })]),
            early: HashSet::new(),
            stopped: Some(first),
            of_this_thread: PhantomData,
        })
    }

    /// Whether the programs that a process starts with vfork(2), as the standard library does, are
    /// followed as well. To be said while it is stopped; what it makes later inherits it.
    ///
    /// # Errors
    ///
    /// It is not stopped.
    pub fn follow_programs(&self, pid: Pid, are_followed: Followed) -> nix::Result<()> {
        let vfork = match are_followed {
            Followed::Yes => Options::PTRACE_O_TRACEVFORK,
            Followed::No => Options::empty(),
        };
        ptrace::setoptions(pid, options() | vfork)
    }

    /// The process of the program that was started.
    pub fn first(&self) -> Pid {
        self.first
    }

    /// Lets the process of the last event go on, and waits for the next event of any;
    /// `None` if nobody is left.
    ///
    /// A process is [`Event::Forked`] before anything else is told of it, unless its
    /// parent is killed at that very moment.
    ///
    /// # Errors
    ///
    /// waitpid(2) fails.
    pub fn next_event(&mut self) -> nix::Result<Option<(Pid, Event)>> {
        if let Some(pid) = self.stopped.take() {
            go_on(pid, None);
        }
        loop {
            match waitpid(None, Some(OURS)) {
                Ok(status) => {
                    if let Some(event) = self.event(status) {
                        return Ok(Some(event));
                    }
                }
                Err(Errno::ECHILD) => return Ok(None),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Has the call before which the process of the last event is stopped not made: it
    /// does nothing, and fails.
    pub fn refuse(&mut self, errno: Errno) {
        if let Some(pid) = self.stopped {
            registers::make_no_call(pid);
        }
        self.answer(errno);
    }

    /// Has the call before which the process of the last event is stopped made, and then
    /// say that it has failed.
    pub fn answer(&mut self, errno: Errno) {
        if let Some(process) = self.stopped.and_then(|pid| self.processes.get_mut(&pid)) {
            process.answer = Some(errno);
        }
    }

    /// Follows the process of the last event no longer.
    pub fn let_go(&mut self) {
        if let Some(pid) = self.stopped.take() {
            self.processes.remove(&pid);
            let _ = ptrace::detach(pid, None);
        }
    }

    /// What a status of waitpid(2) tells; `None` if it matters to ptrace alone.
    fn event(&mut self, status: WaitStatus) -> Option<(Pid, Event)> {
        let (pid, event) = match status {
            WaitStatus::Exited(pid, code) => (pid, Some(Event::Exited(code))),
            WaitStatus::Signaled(pid, signal, _) => (pid, Some(Event::Killed(signal))),
            WaitStatus::Stopped(pid, signal) => {
                self.signalled(pid, signal);
                return None;
            }
            WaitStatus::PtraceSyscall(pid) => (pid, self.at_call(pid)),
            WaitStatus::PtraceEvent(pid, _, event) if HAS_FORKED.contains(&event) => {
                (pid, self.forked(pid))
            }
            WaitStatus::PtraceEvent(pid, ..) => (pid, Some(Event::Executed)),
            _ => return None,
        };
        match event {
            Some(Event::Exited(_) | Event::Killed(_)) => self.ended(pid),
            Some(_) => self.stopped = Some(pid),
            // It was killed while it was stopped: what it did, nobody can tell any more.
            None => go_on(pid, None),
        }
        event.map(|event| (pid, event))
    }

    /// A signal is passed on, but for the first, with which a child of a traced process
    /// begins. It may come before the parent tells of the child, and then has to wait.
    fn signalled(&mut self, pid: Pid, signal: Signal) {
        let Some(process) = self.processes.get_mut(&pid) else {
            self.early.insert(pid);
            return;
        };
        let is_first = !std::mem::replace(&mut process.has_begun, true);
        go_on(pid, (!is_first).then_some(signal));
    }

    fn forked(&mut self, parent: Pid) -> Option<Event> {
        let child = Pid::from_raw(ptrace::getevent(parent).ok()?.try_into().ok()?);
        let has_begun = self.early.remove(&child);
        if Path::new(&format!("/proc/{parent}/task/{child}")).exists() {
            // A thread, which cannot be let go before it has stopped.
            if !has_begun {
                waitpid(child, Some(OURS)).ok()?;
            }
            let _ = ptrace::detach(child, None);
            return None;
        }
        self.processes.insert(child, Process { has_begun, answer: None });
        if has_begun {
            go_on(child, None);
        }
        Some(Event::Forked { child })
    }

    fn at_call(&mut self, pid: Pid) -> Option<Event> {
        let mut event = sys::at_call(pid).ok()?;
        if let Event::Left { result } = &mut event
            && let Some(errno) = self.processes.get_mut(&pid)?.answer.take()
        {
            registers::set_result(pid, errno);
            *result = -(errno as i64);
        }
        if event == (Event::Left { result: MADE_AGAIN }) {
            // We and it would hand a processor to each other at once, again and again, and
            // nobody else would get it: nor whoever has what the call waits for.
            sleep(PAUSE);
        }
        Some(event)
    }

    /// One that was killed may have left a child of which it has not told.
    fn ended(&mut self, pid: Pid) {
        self.processes.remove(&pid);
        for child in self.early.drain() {
            self.processes.insert(child, Process { has_begun: true, answer: None });
            go_on(child, None);
        }
    }
}

fn options() -> Options {
    Options::PTRACE_O_TRACESYSGOOD // tells a call's stop from a SIGTRAP
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACECLONE // a clone without a signal at its end: CLONE_PARENT
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL
}

/// To its next stop. One that was killed meanwhile needs no telling.
fn go_on(pid: Pid, signal: Option<Signal>) {
    let _ = ptrace::syscall(pid, signal);
}
