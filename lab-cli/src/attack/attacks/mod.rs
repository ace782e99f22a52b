//! The attacks, in the order of the chapters that stop them.
//!
//! Each has two sides, which stand together in one file: `run` on the host, and `inside`
//! in the container.

use super::Attack;

mod files;
mod image;
mod ipc;
mod limits;
mod mounts;
mod network;
mod power;
mod processes;

/// All attacks there are.
pub const ATTACKS: &[Attack] = &[
    files::DESCRIPTOR,
    processes::SEE,
    processes::KILL,
    processes::MEMORY,
    files::PROC_ROOT,
    files::CHROOT,
    files::SYMLINK,
    mounts::LEAVE,
    ipc::HOSTNAME,
    ipc::SHARED_MEMORY,
    ipc::QUEUE,
    network::LOOPBACK,
    network::ABSTRACT,
    network::INTERFACE,
    limits::MEMORY,
    limits::FORK,
    image::SPOIL,
    power::SETTING,
    power::MODULE,
    power::CLOCK,
    files::HANDLE,
    power::DEVICE,
    power::KERNEL_LOG,
    power::KEY,
];
