//! Processes with a number that one may choose.

use std::ffi::CString;
use std::fs;
use std::io::{Read, Write, pipe};
use std::thread::yield_now;

use nix::errno::Errno;
use nix::unistd::{Pid, execvp};
use process::{Error, Result, Step, exit_now};

/// Starts a command, and returns when it is executed. It gets the number if one is given: clone3(2),
/// `set_tid`.
pub fn start(words: &[String], number: Option<Pid>) -> Result<Pid> {
    // An argument of a program cannot contain a NUL.
    let words: Vec<CString> =
        words.iter().filter_map(|it| CString::new(it.as_str()).ok()).collect();
    let (mut told, mut tell) = pipe().step(|| "make a pipe")?;
    let pid = clone_as(number)
        .step(|| "start a process")
        .map_err(|error| error.with_hint("only root may choose a number"))?;
    if pid == 0 {
        let Err(errno) = execvp(&words[0], &words);
        let _ = tell.write_all(errno.desc().as_bytes());
        exit_now(127);
    }
    drop(tell);
    let mut why = String::new();
    told.read_to_string(&mut why).step(|| "wait for the exec")?;
    if why.is_empty() {
        Ok(Pid::from_raw(pid))
    } else {
        Err(Error::new(format!("exec {}: {why}", words[0].to_string_lossy())))
    }
}

/// Returns 0 in the child, as fork(2) does.
fn clone_as(number: Option<Pid>) -> nix::Result<i32> {
    let numbers = number.map(|number| [number.as_raw()]);
    // SAFETY: clone_args is plain integers, for which zero means "not used".
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    args.exit_signal = libc::SIGCHLD as u64;
    if let Some(numbers) = &numbers {
        args.set_tid = numbers.as_ptr() as u64;
        args.set_tid_size = 1;
    }
    // SAFETY: this process has one thread only, and shares nothing with its child. What `args` points
    // to outlives the call.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of_val(&args)) };
    Errno::result(pid).map(|pid| pid as i32)
}

/// When the process of this number was started, in clock ticks since boot: field 22 of
/// proc_pid_stat(5).
pub fn started(pid: Pid) -> Option<u64> {
    stat(pid)?.get(22 - 3)?.parse().ok()
}

/// Waits until the clock has moved on since a process was started: a tick is long, and a busy host does
/// not start two of one number in the same.
pub fn wait_for_another_tick(started: u64) {
    // SAFETY: timespec is plain integers, and outlives the call; sysconf takes a number.
    let now = || unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut time);
        let ticks = libc::sysconf(libc::_SC_CLK_TCK);
        (time.tv_sec * ticks + time.tv_nsec * ticks / 1_000_000_000) as u64
    };
    while now() <= started {
        yield_now();
    }
}

/// Waits until a command has prepared what it wants to, and sleeps: a shell has set its traps before it
/// waits for the first program that it starts.
pub fn wait_until_asleep(pid: Pid) {
    while !matches!(state(pid).as_str(), "S" | "Z") {
        yield_now();
    }
}

/// Waits until a child of ours that was sent SIGSTOP does not run any more.
pub fn wait_until_stopped(pid: Pid) {
    while !matches!(state(pid).as_str(), "T" | "Z") {
        yield_now();
    }
}

/// Whether a child of ours sleeps on, with no signal under way to it.
pub fn sleeps_on(pid: Pid) -> bool {
    loop {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let pending = status.lines().filter(|line| line.contains("Pnd:"));
        let is_quiet = pending.into_iter().all(|line| line.ends_with("\t0000000000000000"));
        match state(pid).as_str() {
            "S" if is_quiet => return true,
            "Z" | "X" | "" => return false,
            _ => yield_now(),
        }
    }
}

fn state(pid: Pid) -> String {
    stat(pid).and_then(|fields| fields.into_iter().next()).unwrap_or_default()
}

/// The fields of proc_pid_stat(5), from the third on.
fn stat(pid: Pid) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second one is its name, in which there may be anything.
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}
