//! Moments of a run: each is just before a system call.
//!
//! Killing a program after some milliseconds would find another moment in each run. But
//! between two of its system calls, nothing changes that anybody else could see. So the
//! n-th call is an exact moment, and the list of all calls is the list of all moments:
//!
//! ```text
//!   runtime   …  mkdir  write  clone3 ┬ sendto  …  recvmsg … sendmsg    wait …  rmdir
//!   init                              └ write  unshare  mount …  recvmsg  exec
//! ```
//!
//! The runtime's calls count from its `main` on. What comes before is the work of the
//! dynamic loader, the C library and Rust's own start, of which the last thing is to set up
//! a stack for signal handlers, and these: sigaltstack(2) and sigaction(2). The next call
//! after them is the first.
//!
//! A call that the kernel itself makes again is one call, however often it comes by: a write
//! to a network's switches waits like that for the network's lock, of which other
//! containers have a share.

use tracer::{Call, MADE_AGAIN};

/// Whose system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The program that was started.
    Runtime,
    /// The program that it starts to watch over a detached container.
    Monitor,
    /// The process that either makes, until that executes the container's command, and who goes
    /// between.
    Init,
    /// The processes that hold an ordinary user's world and network, and outlive it.
    World,
}

/// Just before one system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Whose call it is.
    pub who: Who,
    /// Which of its calls, from 1 on.
    pub call: usize,
}

/// Counts the calls of a run.
#[derive(Debug)]
pub struct Calls {
    runtime: Count,
    monitor: Count,
    init: Count,
    world: Count,
}

/// How many calls somebody has made.
#[derive(Debug, Default)]
struct Count {
    calls: usize,
    /// Whether the next one has been counted before.
    is_made_again: bool,
    progress: Progress,
}

/// How far a program has come. What is only forked is in the `main` of its parent.
#[derive(Debug, Default)]
enum Progress {
    Loading,
    /// Rust has given it a stack for signal handlers.
    HasSignalStack,
    #[default]
    InMain,
}

impl Calls {
    pub fn new() -> Self {
        let [mut runtime, monitor, init, world] = [(); 4].map(|()| Count::default());
        runtime.progress = Progress::Loading;
        Self { runtime, monitor, init, world }
    }

    /// The moment of a call that is about to be made, if it is one that counts.
    pub fn count(&mut self, who: Who, call: &Call) -> Option<Moment> {
        let count = self.of(who);
        count.progress.follow(call);
        if !matches!(count.progress, Progress::InMain) {
            return None;
        }
        if std::mem::take(&mut count.is_made_again) {
            return None;
        }
        count.calls += 1;
        Some(Moment { who, call: count.calls })
    }

    /// A call is over.
    pub fn left(&mut self, who: Who, result: i64) {
        self.of(who).is_made_again = result == MADE_AGAIN;
    }

    /// Somebody executes a program of ours, or itself once more.
    pub fn load_again(&mut self, who: Who) {
        self.of(who).progress = Progress::Loading;
    }

    /// Every moment so far.
    pub fn moments(&self) -> Vec<Moment> {
        let of = |who, count: &Count| (1..=count.calls).map(move |call| Moment { who, call });
        let all = of(Who::Runtime, &self.runtime).chain(of(Who::Monitor, &self.monitor));
        all.chain(of(Who::Init, &self.init)).chain(of(Who::World, &self.world)).collect()
    }

    fn of(&mut self, who: Who) -> &mut Count {
        match who {
            Who::Runtime => &mut self.runtime,
            Who::Monitor => &mut self.monitor,
            Who::Init => &mut self.init,
            Who::World => &mut self.world,
        }
    }
}

impl Progress {
    fn follow(&mut self, call: &Call) {
        *self = match (&self, call.number) {
            (Self::Loading, libc::SYS_sigaltstack) if call.arguments[0] != 0 => {
                Self::HasSignalStack
            }
            (Self::Loading, _) => Self::Loading,
            (Self::HasSignalStack, libc::SYS_rt_sigaction | libc::SYS_gettid) => {
                Self::HasSignalStack
            }
            _ => Self::InMain,
        }
    }
}
