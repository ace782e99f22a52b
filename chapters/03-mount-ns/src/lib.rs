//! Chapter 3: its own mount table.
//!
//! A chroot changes where a process looks names up; the mounts behind the names are
//! still everybody's. A mount namespace is a table of mounts of one's own, so that
//! the container can have its own /proc (chapter 2 had none), its own /dev, and
//! volumes, and the host never sees any of them:
//!
//! ```text
//!   host                          container
//!   /      ext4                   /       the root file system
//!   /proc  the host's processes   /proc   its own processes
//!   /sys   read-write             /sys    read-only
//!   /dev   all devices            /dev    null zero full random urandom tty
//!   /home                         /data   a volume: the host's /srv/data
//! ```
//!
//! Everything mounted here goes away with the namespace, that is with the last
//! process in it: there is nothing to unmount.
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole, and its order
//! - `pivot.rs`: another root, with no way back
//! - `root.rs`: names that cannot lead out of it
//! - `mount.rs`: what is mounted where, as a value
//! - `filesystems.rs`: /proc, /sys, /dev
//! - `volumes.rs`: directories of the host
//!
//! Second reading:
//!
//! - `mounts.rs`: all of them, in their order
//! - `device.rs`, `tmpfs.rs`: nodes in /dev; fresh ones in memory
//! - `keyed.rs`: volumes and tmpfs by keys and values
//! - `descent.rs`, `mount_table.rs`: when chapters 6 and 7 use them
//!
//! Left out on purpose: files still belong to the host's users (chapter 8), and much
//! of /proc and /sys is dangerous in the hands of root (chapter 9 masks it).

pub mod runtime;

mod descent;
mod device;
mod filesystems;
mod keyed;
mod mount;
mod mount_table;
mod mounts;
mod options;
mod pivot;
mod root;
mod sys;
mod tmpfs;
mod volumes;

pub use descent::{Descent, Visitor};
pub use device::{Device, DeviceKind};
pub use filesystems::{detached_tmpfs, mount_filesystems};
pub use keyed::KeyedMount;
pub use mount::Mount;
pub use mount_table::{Mounted, mount_table, unescape};
pub use mounts::{MountOptions, Mounts};
pub use options::Options;
pub use pivot::{ENTER_OTHERWISE, is_chroot, isolate, pivot};
pub use root::{Root, Target, names_in};
pub use sys::{make_all_read_only, make_read_only};
pub use tmpfs::Tmpfs;
pub use volumes::{Volume, bind_from};

pub(crate) use filesystems::instead_of;
pub(crate) use mount::flags_and_data;
