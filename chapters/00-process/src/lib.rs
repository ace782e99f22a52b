//! Chapter 0: a container is a process.
//!
//! Before anything is isolated, there is a process: made by one program, held until
//! its world is ready, told to become another program, and waited for. Every later
//! chapter does just this, with more flags on the clone and more steps before the
//! exec. The kernel has no object called "container".
//!
//! ```text
//!   runtime ── clone ──▶ child            its own memory; all else shared
//!      │                   │ (built)
//!      │◀────── ready ─────┤
//!      ├─────── start ────▶│
//!      │                 exec ──▶ command
//!      │◀── SIGCHLD, wait ─┘      exit status
//! ```
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `process.rs`: made, held, started, waited for
//! - `clone.rs`: what makes it
//! - `gate.rs`: how the two talk, until the one is something else
//! - `held.rs`: its own side, from the clone on
//! - `exec.rs`: the point at which it is something else
//!
//! Second reading:
//!
//! - `message.rs`: how what crosses the gate is put in bytes
//! - `process/`: the wait for its end, and what arrives meanwhile
//! - `child.rs`, `status.rs`, `error.rs`: how it ended, or why it never began
//! - `command.rs`, `user.rs`, `accounts.rs`, `interpreter.rs`: what is run, and as whom
//! - `signals.rs`, `terminal.rs`, `stdio.rs`, `sys/`: Ctrl-C, Ctrl-Z and pipes
//! - `life.rs`: who owns it, and when it ends
//! - `namespace.rs`: the kinds of namespaces
//! - `birth.rs`, `way_back.rs`: born in somebody else's namespaces, without and with a way back
//! - `container.rs`, `part.rs`, `record/`: what is known of it on the host, and outlives us
//! - `bytes.rs`: words that need not be text, in JSON
//! - `home.rs`, `privilege.rs`, `ourselves.rs`: where we are, and what we may
//! - `search_path.rs`: where the host's programs are
//! - `kernel_file.rs`, `plain_file.rs`, `printable.rs`: what we read, and what we believe of it
//!
//! Nothing is isolated yet: the process sees the host's files, processes and network. The
//! caller's open descriptors, environment, signal settings and groups are what it does
//! *not* inherit already.

pub mod bytes;
pub mod child;
pub mod container;
pub mod gate;
pub mod home;
pub mod kernel_file;
pub mod plain_file;
pub mod process;
pub mod record;
pub mod runtime;
pub mod search_path;
pub mod signals;

mod accounts;
mod birth;
mod clone;
mod command;
mod error;
mod exec;
mod held;
mod interpreter;
mod life;
mod message;
mod namespace;
mod options;
mod ourselves;
mod part;
mod printable;
mod privilege;
mod status;
mod stdio;
mod sys;
mod terminal;
mod user;
mod way_back;

pub use birth::{Birth, GoBetween};
pub use bytes::Bytes;
pub use clone::{CloneArgs, clone, fork};
pub use command::{AnywayOptions, Command, CommandOptions, DEFAULT_PATH};
pub use container::{Container, main};
pub use error::{Error, Result, Step};
pub use exec::c_string;
pub use held::Steps;
pub use life::{Lifetime, become_another};
pub use namespace::Namespace;
pub use nix::sched::CloneFlags;
pub use options::Options;
pub use ourselves::{leads_to_us, own_program};
pub use part::{Kind, Part, Turn, sweep};
pub use printable::printable;
pub use privilege::{MORE_POWER, POWERLESS_ROOT, has_hosts_ids, is_privileged};
pub use process::Process;
pub use record::{Resolved, State, find};
pub use status::{Entry, ExitStatus, Outcome};
pub use stdio::Stdio;
pub use sys::{
    CapSets, Cloned, capget, close_all_but, close_on_exec, exit_now, pidfd_open, pidfd_send_signal,
};
pub use user::User;
pub use way_back::WayBack;

// What the first reading needs of the second.
pub(crate) use child::{Change, wait_for};
pub(crate) use interpreter::why_not_executed;
pub(crate) use message::{Heard, Message, hear, tell};
pub(crate) use privilege::has_capability;
pub(crate) use signals::{BlockedSignals, interruptible, reset_signals};
pub(crate) use terminal::{Listener, Terminal};
