//! Filters: small programs that the kernel runs before each system call.
//!
//! They see its number and its arguments, and say what becomes of it. These here say
//! "operation not permitted" to a few numbers, and yes to all others.

use clap::ValueEnum;
use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_K, BPF_LD, BPF_RET, BPF_W, c_long, sock_filter};

/// A filter, for `sys::add_filter`.
pub type Filter = Vec<sock_filter>;

/// What can be forbidden.
#[derive(Clone, Copy, ValueEnum)]
pub enum Deed {
    /// To send signals.
    Kill,
    /// To make directories.
    Mkdir,
}

/// A filter that forbids one thing.
pub fn without(deed: Deed) -> Filter {
    match deed {
        Deed::Kill => forbid(&[libc::SYS_kill, libc::SYS_tkill, libc::SYS_tgkill]),
        // Younger architectures have the second one only.
        #[cfg(target_arch = "x86_64")]
        Deed::Mkdir => forbid(&[libc::SYS_mkdir, libc::SYS_mkdirat]),
        #[cfg(not(target_arch = "x86_64"))]
        Deed::Mkdir => forbid(&[libc::SYS_mkdirat]),
    }
}

/// A filter that forbids what `seal` is made of.
pub fn without_filters() -> Filter {
    forbid(&[libc::SYS_seccomp, libc::SYS_prctl])
}

fn forbid(calls: &[c_long]) -> Filter {
    const NUMBER: u32 = 0; // where it is in struct seccomp_data
    let step = |code: u32, yes: u8, k: u32| sock_filter { code: code as u16, jt: yes, jf: 0, k };
    let mut filter = vec![step(BPF_LD | BPF_W | BPF_ABS, 0, NUMBER)];
    for (done, number) in calls.iter().enumerate() {
        let to_the_end = (calls.len() - done) as u8;
        filter.push(step(BPF_JMP | BPF_JEQ | BPF_K, to_the_end, *number as u32));
    }
    filter.push(step(BPF_RET | BPF_K, 0, libc::SECCOMP_RET_ALLOW));
    filter.push(step(BPF_RET | BPF_K, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32));
    filter
}
