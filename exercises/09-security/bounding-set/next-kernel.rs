//! The system calls about capabilities, as on a kernel that has two more of them.
//!
//! The two are known in here only. In their place, `capset` writes into the container's
//! `/left` which of them are still in the bounding set.

#![allow(dead_code)] // bounding.rs may do without some of them

use std::ffi::{c_int, c_ulong};
use std::fs::write;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;
use nix::mount::{MsFlags, mount};

/// The last two that this kernel has.
const NEW: [c_ulong; 2] = [41, 42];

/// Those of them that are in the bounding set.
static LEFT: AtomicU64 = AtomicU64::new(1 << NEW[0] | 1 << NEW[1]);

/// The three sets of this process that `capset(2)` changes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sets {
    /// What the kernel looks at when it checks.
    pub effective: u64,
    /// What may be made effective.
    pub permitted: u64,
    /// What an exec may carry over.
    pub inheritable: u64,
}

/// `_LINUX_CAPABILITY_VERSION_3` and 0 for this process.
const HEADER: [u32; 2] = [0x2008_0522, 0];

/// Tells what is left in the bounding set, and replaces the three sets.
pub fn capset(sets: Sets) -> nix::Result<()> {
    let left = NEW.iter().filter(|number| LEFT.load(Ordering::Relaxed) >> **number & 1 == 1);
    let left: Vec<String> = left.map(c_ulong::to_string).collect();
    let written = write("/left", left.join(" "));
    written.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
    let all = [sets.effective, sets.permitted, sets.inheritable];
    let data = [all.map(|set| set as u32), all.map(|set| (set >> 32) as u32)];
    // SAFETY: version 3 reads the header and twice three numbers of 32 bits.
    let result = unsafe { libc::syscall(libc::SYS_capset, HEADER.as_ptr(), data.as_ptr()) };
    Errno::result(result).map(drop)
}

/// Whether a capability is in the bounding set. EINVAL: this kernel has none of that number.
pub fn is_in_bounding_set(number: u8) -> nix::Result<bool> {
    prctl(libc::PR_CAPBSET_READ, number.into()).map(|value| value == 1)
}

/// Takes a capability out of the bounding set, for good. It takes CAP_SETPCAP.
pub fn drop_from_bounding_set(number: u8) -> nix::Result<()> {
    prctl(libc::PR_CAPBSET_DROP, number.into()).map(drop)
}

/// Called when the container has its root and its /proc: the file there that says which
/// capability is the last names this kernel's.
pub fn get_ready() -> nix::Result<()> {
    let text = format!("{}\n", NEW[1]);
    let written = write("/last", text);
    written.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)))?;
    let (file, nothing) = ("/proc/sys/kernel/cap_last_cap", None::<&str>);
    mount(Some("/last"), file, nothing, MsFlags::MS_BIND, nothing)
}

fn prctl(operation: i32, number: c_ulong) -> nix::Result<i32> {
    Errno::result(pretended::prctl(operation, number, 0, 0, 0))
}

mod pretended {
    use super::{LEFT, NEW, Ordering, c_int, c_ulong};

    /// The C library's `prctl`, for whoever calls it by that name.
    #[unsafe(no_mangle)]
    pub extern "C" fn prctl(
        operation: c_int,
        number: c_ulong,
        third: c_ulong,
        fourth: c_ulong,
        fifth: c_ulong,
    ) -> c_int {
        match operation {
            libc::PR_CAPBSET_READ if NEW.contains(&number) => {
                (LEFT.load(Ordering::Relaxed) >> number & 1) as c_int
            }
            libc::PR_CAPBSET_DROP if NEW.contains(&number) => {
                LEFT.fetch_and(!(1 << number), Ordering::Relaxed);
                0
            }
            // SAFETY: the caller answers for the arguments, as with the C library's own.
            _ => unsafe {
                libc::syscall(libc::SYS_prctl, operation, number, third, fourth, fifth) as c_int
            },
        }
    }
}
