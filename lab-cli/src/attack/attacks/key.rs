//! What the user who started the container keeps in the kernel.

use std::ffi::CStr;

use process::Step;

use crate::attack::sys;
use crate::attack::target::Attack;

/// What the host's key is called.
const NAME: &CStr = c"lab-canary";

pub const ATTACK: Attack = Attack {
    name: "key",
    title: "read a key of who started it",
    tries: "look through the session keyring that it has inherited, where Kerberos tickets \
            and passwords for encrypted disks are kept.",
    why: "there is no namespace for keys, so every child has its parent's. Chapter 9 leaves \
          that keyring for an empty one, and forbids the calls.",
    reference: "session-keyring(7), keyctl(2)",
    stopped_by: 9,
    run: |target| {
        sys::add_key(NAME, target.secret).step(|| "keep a key")?;
        Ok(target.attack::<&str>(&[], &[])?.has_read(target.secret, "the key"))
    },
    inside: |_| sys::read_key(NAME).step(|| "read the key"),
};
