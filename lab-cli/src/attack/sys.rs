//! The system calls of `lab attack` that `nix` does not make safe, and all its `unsafe`.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::Result;
use nix::errno::Errno;
use nix::sys::signal::Signal;

/// Of linux/keyctl.h.
const SEARCH: libc::c_ulong = 10;
const READ: libc::c_ulong = 11;
const SESSION_KEYRING: libc::c_long = -3;

/// The bytes of a System V segment and of a message that we use.
const SIZE: usize = 64;

/// Opens a file beginning at a descriptor that this process does not know it has.
pub fn open_from(fd: RawFd, path: &CStr) -> Result<OwnedFd> {
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: a C string; if nothing is open under that number, the kernel says so.
    let opened = unsafe { libc::openat(fd, path.as_ptr(), flags) };
    let opened = Errno::result(opened)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(opened) })
}

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
    (attr.mq_maxmsg, attr.mq_msgsize) = (1, SIZE as _);
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
    Ok(text_of(&bytes[..length as usize]))
}

/// Removes a POSIX queue's name.
pub fn remove_queue(name: &CStr) {
    // SAFETY: a C string.
    unsafe { libc::mq_unlink(name.as_ptr()) };
}

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

/// Asks for a module to be loaded from no file: `EBADF` if it would have been allowed.
pub fn load_no_module() -> Errno {
    // SAFETY: an empty C string; the file that is not open is refused before anything
    // else is looked at, but after the capability is.
    let result = unsafe { libc::syscall(libc::SYS_finit_module, -1, c"".as_ptr(), 0) };
    Errno::result(result).err().unwrap_or(Errno::UnknownErrno)
}

/// Asks for a socket of a type that there is not: `EINVAL` if the family would have been
/// allowed. The kernel looks for the family's module after that only.
pub fn ask_for_crypto_socket() -> Errno {
    let no_type = 15;
    // SAFETY: plain integers only; no socket is made.
    let result = unsafe { libc::syscall(libc::SYS_socket, libc::AF_ALG, no_type, 0) };
    Errno::result(result).err().unwrap_or(Errno::UnknownErrno)
}

/// Sets neither the time nor the time zone, which takes the right to set them.
pub fn set_no_time() -> Result<()> {
    // SAFETY: two null pointers; the kernel asks for the right, and then does nothing.
    let result = unsafe { libc::syscall(libc::SYS_settimeofday, 0usize, 0usize) };
    Errno::result(result).map(drop)
}

/// Whether this process was started to ignore a signal, as by nohup.
pub fn ignores(signal: Signal) -> bool {
    // SAFETY: sigaction is plain data, for which zeros are a value.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: a null action changes nothing; the present one goes to a live struct.
    unsafe { libc::sigaction(signal as i32, std::ptr::null(), &raw mut action) };
    action.sa_sigaction == libc::SIG_IGN
}

/// `reboot(2)` without its magic numbers: `EINVAL` if it would have been allowed.
pub fn reboot_without_magic() -> Errno {
    // SAFETY: touches no memory of ours; who may is refused for the numbers.
    let result = unsafe { libc::syscall(libc::SYS_reboot, 0, 0, 0, 0) };
    Errno::result(result).err().unwrap_or(Errno::UnknownErrno)
}

/// Makes a terminal the controlling one of this session.
pub fn take_terminal(terminal: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: this request takes a number, and touches no memory of ours.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSCTTY as _, 0) };
    Errno::result(result).map(drop)
}

/// Leaves this session without a controlling terminal.
pub fn leave_terminal(terminal: BorrowedFd<'_>) -> Result<()> {
    // SAFETY: this request takes no argument.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCNOTTY as _) };
    Errno::result(result).map(drop)
}

/// Pushes a character into a terminal's input, as if it had been typed.
pub fn push_input(terminal: BorrowedFd<'_>, byte: u8) -> Result<()> {
    // SAFETY: this request reads one byte, which lives as long as the call.
    let result = unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSTI as _, &raw const byte) };
    Errno::result(result).map(drop)
}

/// `syslog(2)`: the last lines of the kernel's log.
pub fn kernel_log() -> Result<usize> {
    const READ_ALL: libc::c_int = 3;
    let mut bytes = [0u8; SIZE];
    // SAFETY: the buffer is as long as is told.
    let result = unsafe { libc::klogctl(READ_ALL, bytes.as_mut_ptr().cast(), SIZE as libc::c_int) };
    Errno::result(result).map(|length| length as usize)
}

/// A file's handle, as name_to_handle_at(2) fills it in.
#[repr(C)]
struct Handle {
    bytes: u32,
    kind: i32,
    data: [u8; 128],
}

/// The handle of a file: its kind, and its bytes in hexadecimal digits.
pub fn handle_of(path: &CStr) -> Result<(i32, Vec<u8>)> {
    let mut handle = Handle { bytes: 128, kind: 0, data: [0; 128] };
    let mut mount_id: libc::c_int = 0;
    // SAFETY: the struct has the kernel's layout, and tells how much room it has.
    let result = unsafe {
        libc::syscall(
            libc::SYS_name_to_handle_at,
            libc::AT_FDCWD,
            path.as_ptr(),
            &raw mut handle,
            &raw mut mount_id,
            0,
        )
    };
    Errno::result(result)?;
    Ok((handle.kind, handle.data[..(handle.bytes as usize).min(128)].to_vec()))
}

/// `open_by_handle_at(2)`: opens a file by its handle, by way of any mount of its kind.
pub fn open_by_handle(mount: BorrowedFd<'_>, kind: i32, bytes: &[u8]) -> Result<OwnedFd> {
    let mut handle = Handle { bytes: bytes.len().min(128) as u32, kind, data: [0; 128] };
    handle.data[..bytes.len().min(128)].copy_from_slice(&bytes[..bytes.len().min(128)]);
    // SAFETY: the struct has the kernel's layout, and tells how much of it is used.
    let fd = unsafe {
        libc::syscall(
            libc::SYS_open_by_handle_at,
            mount.as_raw_fd(),
            &raw mut handle,
            libc::O_RDONLY | libc::O_CLOEXEC,
        )
    };
    let fd = Errno::result(fd)?;
    // SAFETY: the kernel has just made this descriptor, and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as RawFd) })
}

/// Sets the largest packet of the loopback interface, or reads it with `None`.
pub fn loopback_mtu(socket: BorrowedFd<'_>, mtu: Option<i32>) -> Result<i32> {
    // SAFETY: ifreq is plain data, and names end at its first zero.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_mtu = mtu.unwrap_or_default();
    let what = if mtu.is_some() { libc::SIOCSIFMTU } else { libc::SIOCGIFMTU };
    // SAFETY: both requests read and write an ifreq, which lives as long as the call.
    Errno::result(unsafe { libc::ioctl(socket.as_raw_fd(), what as _, &raw mut request) })?;
    // SAFETY: it is the member of the union that we or the kernel have set.
    Ok(unsafe { request.ifr_ifru.ifru_mtu })
}

/// Sends an Ethernet frame on the link of this number.
pub fn send_frame(packet: BorrowedFd<'_>, link: u32, frame: &[u8]) -> Result<()> {
    // SAFETY: sockaddr_ll is plain integers.
    let mut to: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    (to.sll_family, to.sll_ifindex) = (libc::AF_PACKET as _, link as _);
    // SAFETY: the frame and the address are live, and told with their lengths.
    let sent = unsafe {
        libc::sendto(
            packet.as_raw_fd(),
            frame.as_ptr().cast(),
            frame.len(),
            0,
            (&raw const to).cast(),
            size_of_val(&to) as libc::socklen_t,
        )
    };
    Errno::result(sent).map(drop)
}

/// The text before the first zero.
fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
