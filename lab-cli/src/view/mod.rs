//! The side-by-side view: what the host sees, and what the container sees.
//!
//! ```text
//!               host                    container
//!   processes   87, this one is 4242    1, this one is 1       own
//!   network     lo, eth0 192.0.2.2/24   lo, eth0 192.0.2.2/24  shared
//!               └ read by lab           └ read by a helper of lab's which stands in
//!                                         the container's namespaces, or in the
//!                                         kernel's own files about the process
//! ```
//!
//! Nothing in it is written down anywhere: run it twice and it is observed twice. The
//! mark in the third column compares kernel facts, such as two namespaces' inode
//! numbers, and not the two columns. Looking changes nothing and leaves no trace in
//! the container: no process id used up, no access time changed, nothing executed.
//!
//! `lab view --json` prints all of it: an object with an entry for each aspect, and in
//! each the same three fields. [`model`] and the files in `observe/` have the rest.
//!
//! ```json
//! { "pid": 4242, "name": "sh",
//!   "hostname": { "mark": "own",
//!                 "host":      { "hostname": "vm", "domainname": "(none)" },
//!                 "container": { "hostname": "3f9c0a1b2c4d", "domainname": "(none)" } },
//!   "network":  { "mark": "shared", "host": …, "container": … }, … }
//! ```
//!
//! Start with [`observe`](observe()), then [`enter`] and one of the aspects;
//! [`render`](render()) turns the view into text.

mod block;
mod command;
mod enter;
mod look;
pub mod model;
pub mod mountinfo;
pub mod observe;
pub mod proc;
mod render;
mod row;
mod side;
mod text;
mod watch;
mod words;

pub use command::{Args, run};
pub use enter::{in_copy_of_mounts, standing_in};
pub use look::{Subject, observe};
pub use model::View;
pub use observe::cgroup::Limits;
pub use render::{Detail, render};
pub use text::Text;
