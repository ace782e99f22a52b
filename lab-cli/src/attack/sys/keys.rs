//! Keys in the session keyring: keyrings(7).

use std::ffi::CStr;

use nix::Result;
use nix::errno::Errno;

use super::short_text::{SIZE, text_of};

/// Of linux/keyctl.h.
const SEARCH: libc::c_ulong = 10;

const READ: libc::c_ulong = 11;

const SESSION_KEYRING: libc::c_long = -3;

/// Puts a key of type `user` into the session keyring.
pub fn add_key(name: &CStr, text: &str) -> Result<()> {
    // SAFETY: two C strings, and a text with its length.
    let key = unsafe {
        libc::syscall(
            libc::SYS_add_key,
            c"user".as_ptr(),
            name.as_ptr(),
            text.as_ptr(),
            text.len(),
            SESSION_KEYRING,
        )
    };
    Errno::result(key).map(drop)
}

/// Looks a key up in the session keyring, and reads it.
pub fn read_key(name: &CStr) -> Result<String> {
    let kind = c"user".as_ptr();
    // SAFETY: two C strings; 0 asks for no link to be made.
    let key = Errno::result(unsafe {
        libc::syscall(libc::SYS_keyctl, SEARCH, SESSION_KEYRING, kind, name.as_ptr(), 0)
    })?;
    let mut bytes = [0u8; SIZE];
    // SAFETY: the buffer is as long as is told.
    Errno::result(unsafe { libc::syscall(libc::SYS_keyctl, READ, key, bytes.as_mut_ptr(), SIZE) })?;
    Ok(text_of(&bytes))
}
