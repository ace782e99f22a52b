//! The runtime's own program, and the way back to it: `/proc/self/exe`.
//!
//! Until its exec, the container's first process runs *our* program, a file of the
//! host. `/proc/self/exe` leads there, past every namespace and root, and whoever builds
//! the image decides what is executed: with `#!/proc/self/exe` in it, the container runs
//! us instead, keeps a descriptor of the file, and writes to it as soon as nobody
//! executes it any more. The next `lab` on the host is the attacker's: CVE-2019-5736.
//!
//! | defence                             | costs  | holds                             |
//! |-------------------------------------|--------|-----------------------------------|
//! | "text file busy" while we run       | –      | until the runtime is killed       |
//! | not dumpable: prctl(2)              | –      | against others, not the process   |
//! | root of a user namespace            | –      | if the file is somebody else's    |
//! | run from a sealed copy in memory    | a copy | always                            |
//! | run from a read-only mount          | 1 exec | always                            |
//!
//! So we take the last: clone the mount of our file, make the *clone* read-only, and
//! execute ourselves through it, before anything else is made. What `/proc/self/exe`
//! leads to is then the file *on that mount*; it has no place in any mount table, so
//! nobody can make it writable again. Nothing on the host changes.
//!
//! Where that is not allowed, as without root, the copy in memory has to do.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use mount_ns::{bind_from, make_read_only};
use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::prctl;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::execveat;
use process::{Error, Result, Step, c_string};

const OURSELVES: &str = "/proc/self/exe";

/// Does [`protect_runtime`] as soon as a program starts: what it did before its exec, it
/// would do twice.
///
/// What fails here fails again in there, which tells why. And without root's power it is
/// too early: this program will start again in a user namespace, and be protected there.
pub fn protect_early() {
    if process::is_privileged() {
        let _ = protect_runtime();
    }
}

/// Makes sure that this program cannot be written to through `/proc/self/exe`, by
/// executing it once more if need be. To be called before anything is made.
///
/// # Errors
/// If neither a read-only mount nor a copy can be made.
pub fn protect_runtime() -> Result<()> {
    let arguments: Vec<_> = std::env::args_os().collect();
    if is_protected()? {
        // Executed through a descriptor, we are called after its number.
        let name = arguments.first().and_then(|name| Path::new(name).file_name());
        let name = name.and_then(|name| c_string(name.to_owned()).ok());
        let _ = prctl::set_name(&name.unwrap_or_default());
        return Ok(());
    }
    let program = match read_only_mount() {
        // Not our mount namespace, or the program's mount is in none, or a kernel before 5.12.
        Err(error)
            if matches!(error.errno(), Some(Errno::EPERM | Errno::EINVAL | Errno::ENOSYS)) =>
        {
            sealed_copy()?
        }
        program => program?,
    };
    let argv = arguments.into_iter().map(c_string).collect::<Result<Vec<_>>>()?;
    let envp = std::env::vars_os().map(|(mut key, value)| {
        key.push("=");
        key.push(value);
        c_string(key)
    });
    let envp = envp.collect::<Result<Vec<_>>>()?;
    let Err(errno) = execveat(&program, c"", &argv, &envp, AtFlags::AT_EMPTY_PATH);
    Err(Error::from_errno("execute the runtime from where it cannot be written to", errno))
}

/// Whether we run from a read-only mount already, the host's own or ours, or from a
/// sealed copy.
fn is_protected() -> Result<bool> {
    let found = statvfs(OURSELVES).step(|| format!("look at {OURSELVES}"))?;
    if found.flags().contains(FsFlags::ST_RDONLY) {
        return Ok(true);
    }
    // Only files in memory have seals; for others the kernel has EINVAL.
    let file = File::open(OURSELVES).step(|| format!("open {OURSELVES}"))?;
    let seals = fcntl(&file, FcntlArg::F_GET_SEALS).unwrap_or(0);
    Ok(SealFlag::from_bits_truncate(seals).contains(SealFlag::F_SEAL_WRITE))
}

// ANCHOR: mount
/// Our file on a mount of its own, which is read-only and placed nowhere.
fn read_only_mount() -> Result<OwnedFd> {
    let mount = bind_from(AT_FDCWD, Path::new(OURSELVES))?;
    make_read_only(mount.as_fd()).step(|| "make a read-only mount of the runtime")?;
    Ok(mount)
}
// ANCHOR_END: mount

/// A copy in memory that nobody can change any more: memfd_create(2).
fn sealed_copy() -> Result<OwnedFd> {
    let step = || "copy the runtime into memory";
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut copy = File::from(memfd_create(c"lab", flags).step(step)?);
    io::copy(&mut File::open(OURSELVES).step(step)?, &mut copy).step(step)?;
    let seals = SealFlag::F_SEAL_WRITE
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_SEAL;
    fcntl(&copy, FcntlArg::F_ADD_SEALS(seals)).step(|| "seal the copy of the runtime")?;
    Ok(copy.into())
}
