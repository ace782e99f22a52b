//! Chapter 4: its own names, message queues and shared memory.
//!
//! Two small namespaces for what has neither a path nor a process id:
//!
//! ```text
//!   UTS   host name, domain name                      sethostname(2)
//!   IPC   System V queues, semaphores, segments       sysvipc(7)
//!         POSIX message queues, seen in /dev/mqueue   mq_overview(7)
//! ```
//!
//! The IPC namespace needs no code at all: the flag on the clone is all of it, since
//! chapter 3 already mounts /dev/mqueue, which shows the queues of the namespace it
//! is mounted in. POSIX *shared memory* is files in /dev/shm, and so was chapter 3's.
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `names.rs`: host and domain name
//! - `hosts.rs`: names of others
//! - `etc.rs`: the files that go with them

pub mod runtime;

mod etc;
mod hosts;
mod names;
mod options;
mod sys;

pub use etc::{EtcFile, EtcFiles};
pub use hosts::{Addresses, Host, HostAddress};
pub use names::{NameOptions, Names};
pub use options::Options;
pub use runtime::NAMESPACES;
