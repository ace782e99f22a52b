//! The attacks, in the order of the chapters that stop them: a file each.
//!
//! An attack has two sides, which stand together in its file: `run` on the host, and
//! `inside` in the container.

use crate::attack::target::Attack;

mod abstract_socket;
mod chroot;
mod clock;
mod copy;
mod core_pattern;
mod cpu;
mod crypto;
mod descriptor;
mod device;
mod fork;
mod handle;
mod hostname;
mod image;
mod interface;
mod ipv6_router;
mod kernel_log;
mod key;
mod kill;
mod loopback;
mod memory;
mod module;
mod mount;
mod newcomer;
mod newcomer_directory;
mod newcomer_program;
mod old_root;
mod open_port;
mod proc_root;
mod ptrace;
mod queue;
mod read_memory;
mod reboot;
mod release_agent;
mod runtime;
mod see_processes;
mod shared_memory;
mod sniff;
mod symlink;
mod sysrq;
mod terminal;
mod unmount;
mod workdir;

/// All attacks there are.
pub const ATTACKS: &[Attack] = &[
    descriptor::ATTACK,
    workdir::ATTACK,
    // Chapter 2: processes.
    see_processes::ATTACK,
    kill::ATTACK,
    ptrace::ATTACK,
    read_memory::ATTACK,
    proc_root::ATTACK,
    reboot::ATTACK,
    // Chapter 3: mounts.
    chroot::ATTACK,
    old_root::ATTACK,
    symlink::ATTACK,
    mount::ATTACK,
    unmount::ATTACK,
    // Chapter 4: names and messages.
    hostname::ATTACK,
    shared_memory::ATTACK,
    queue::ATTACK,
    // Chapter 5: the network.
    loopback::ATTACK,
    abstract_socket::ATTACK,
    interface::ATTACK,
    sniff::ATTACK,
    ipv6_router::ATTACK,
    open_port::ATTACK,
    // Chapters 6 and 7: shares and layers.
    memory::ATTACK,
    fork::ATTACK,
    cpu::ATTACK,
    image::ATTACK,
    // Chapter 8: users.
    core_pattern::ATTACK,
    sysrq::ATTACK,
    release_agent::ATTACK,
    module::ATTACK,
    clock::ATTACK,
    handle::ATTACK,
    device::ATTACK,
    // Chapter 9: power.
    kernel_log::ATTACK,
    crypto::ATTACK,
    runtime::ATTACK,
    terminal::ATTACK,
    key::ATTACK,
    // Chapter 10: who comes in.
    newcomer::ATTACK,
    newcomer_directory::ATTACK,
    newcomer_program::ATTACK,
    copy::ATTACK,
];
