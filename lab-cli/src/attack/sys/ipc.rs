//! System V segments and POSIX message queues: sysvipc(7), mq_overview(7).

use std::ffi::CStr;
use std::os::fd::{FromRawFd, OwnedFd};

use nix::Result;
use nix::errno::Errno;

use super::short_text::{SIZE, text_of};

/// The size of a message, in the type of the field that takes it.
const MESSAGE_SIZE: libc::c_long = 64;

/// Makes a System V segment under a key, with a text in it; its id.
pub fn make_segment(key: i32, text: &str) -> Result<i32> {
    // SAFETY: touches no memory of ours.
    let id = Errno::result(unsafe { libc::shmget(key, SIZE, libc::IPC_CREAT | 0o666) })?;
    let at = attach(id)?;
    let length = text.len().min(SIZE);
    // SAFETY: `at` is a mapping of SIZE bytes that only this function uses, and a fresh
    // mapping cannot overlap the text.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), at.cast(), length);
        libc::shmdt(at);
    }
    Ok(id)
}

/// Reads the System V segment under a key.
pub fn read_segment(key: i32) -> Result<String> {
    // SAFETY: touches no memory of ours.
    let id = Errno::result(unsafe { libc::shmget(key, SIZE, 0) })?;
    let at = attach(id)?;
    let mut bytes = [0u8; SIZE];
    // SAFETY: `at` is a mapping of at least SIZE bytes, as shmget has checked.
    unsafe {
        std::ptr::copy_nonoverlapping(at.cast(), bytes.as_mut_ptr(), SIZE);
        libc::shmdt(at);
    }
    Ok(text_of(&bytes))
}

/// Removes a System V segment.
pub fn remove_segment(id: i32) {
    // SAFETY: IPC_RMID does not look at the third argument.
    unsafe { libc::shmctl(id, libc::IPC_RMID, std::ptr::null_mut()) };
}

fn attach(id: i32) -> Result<*mut libc::c_void> {
    // SAFETY: with a null address the kernel chooses a free one.
    let at = unsafe { libc::shmat(id, std::ptr::null(), 0) };
    if at as isize == -1 { Err(Errno::last()) } else { Ok(at) }
}

/// Makes a POSIX message queue with one message in it.
pub fn make_queue(name: &CStr, text: &str) -> Result<OwnedFd> {
    // SAFETY: mq_attr is plain integers.
    let mut attr: libc::mq_attr = unsafe { std::mem::zeroed() };
    (attr.mq_maxmsg, attr.mq_msgsize) = (1, MESSAGE_SIZE);
    let flags = libc::O_CREAT | libc::O_RDWR | libc::O_CLOEXEC;
    // SAFETY: a C string, and a live struct of the type that O_CREAT asks for.
    let queue =
        Errno::result(unsafe { libc::mq_open(name.as_ptr(), flags, 0o666, &raw mut attr) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    let owned = unsafe { OwnedFd::from_raw_fd(queue) };
    // SAFETY: the text is live, and its length is its own.
    let sent = unsafe { libc::mq_send(queue, text.as_ptr().cast(), text.len().min(SIZE), 0) };
    Errno::result(sent)?;
    Ok(owned)
}

/// Takes the message out of a POSIX queue.
pub fn read_queue(name: &CStr) -> Result<String> {
    let flags = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC;
    // SAFETY: a C string; without O_CREAT there are no more arguments.
    let queue = Errno::result(unsafe { libc::mq_open(name.as_ptr(), flags) })?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    let _owned = unsafe { OwnedFd::from_raw_fd(queue) };
    let mut bytes = [0u8; SIZE];
    let priority = std::ptr::null_mut();
    // SAFETY: the buffer is as long as is told; a null priority is not stored.
    let length = Errno::result(unsafe {
        libc::mq_receive(queue, bytes.as_mut_ptr().cast(), SIZE, priority)
    })?;
    Ok(text_of(&bytes[..length.cast_unsigned()]))
}

/// Removes a POSIX queue's name.
pub fn remove_queue(name: &CStr) {
    // SAFETY: a C string.
    unsafe { libc::mq_unlink(name.as_ptr()) };
}
