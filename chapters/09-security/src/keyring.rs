//! A session keyring of its own.
//!
//! The kernel keeps secrets for programs (Kerberos tickets, keys of encrypted disks) in
//! *keyrings*, keyrings(7). Every process has a *session* keyring, which a child simply
//! shares with its parent, and there is no namespace for keys: without this step, the
//! container possesses the keys of whoever started it.
//!
//! ```text
//!   login ── session keyring A ── shell ── lab ──┈┈ A, no longer ┈┈ container
//!                                                   session keyring B, empty
//! ```
//!
//! The kernel frees the new one with the last process that has it. Keys are also out of
//! sight because /proc/keys is masked, and out of reach because the seccomp profile has
//! no `keyctl`: three layers, since key numbers are the whole host's.

use nix::errno::Errno;
use process::{Error, Result};

use crate::sys;

/// Leaves the caller's session keyring for a new one.
pub fn join() -> Result<()> {
    match sys::join_new_session_keyring() {
        // A kernel without keyrings, or a sandbox around us without access to them.
        Err(Errno::ENOSYS) => Ok(()),
        Err(Errno::EDQUOT) => Err(Error::from_errno("make a session keyring", Errno::EDQUOT)
            .with_hint(
                "/proc/key-users shows who has how many; a limit is in /proc/sys/kernel/keys",
            )),
        made => made.map_err(|errno| Error::from_errno("make a session keyring", errno)),
    }
}
