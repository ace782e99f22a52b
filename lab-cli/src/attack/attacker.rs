//! What attackers have in common, in the container: their orders, and files to read.

use std::fs::{self, File};
use std::io::{Read, Write, stderr, stdin};
use std::os::fd::AsFd;
use std::path::Path;
use std::str::FromStr;

use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::{Error, Result, Step};

use super::conversation::FOR_HOST;
use super::sys;

/// What the host's secret is read from, as the table says it.
pub const A_FILE: &str = "a file of the host";

/// The first of the words, which is a number.
pub fn number<N: FromStr>(words: &[String]) -> Result<N> {
    let number = words.first().and_then(|word| word.parse().ok());
    number.ok_or_else(|| Error::new("the attacker was not told a number"))
}

/// Says something to the host, a line at most.
pub fn tell_host(word: &str) -> Result<()> {
    writeln!(stderr(), "{FOR_HOST}{word}").step(|| "tell the host")
}

/// Whether the host has had enough.
pub fn has_come_to_an_end() -> Result<bool> {
    let input = stdin();
    let end = &mut [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
    poll(end, PollTimeout::ZERO).map(|ready| ready > 0).step(|| "look for the host")
}

/// Waits until the host has had enough.
pub fn wait_for_end() -> Result<()> {
    stdin().read_to_end(&mut Vec::new()).map(drop).step(|| "wait for the host")
}

/// Mounts a /proc where there is none, as after chroot, and where that is allowed.
pub fn mount_proc() {
    if Path::new("/proc/self").exists() {
        return;
    }
    let _ = mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), None::<&str>);
}

/// Says that all is prepared, and has it so for as long as the host needs.
pub fn wait_for_host() -> Result<String> {
    tell_host("")?;
    wait_for_end()?;
    Ok("prepared".to_owned())
}

/// What is in the host's secret file, by a descriptor that somebody has left open.
pub fn read_by_descriptor() -> Result<String> {
    let find = |fd| sys::open_from(fd, c"canary").ok();
    let canary = (3..1024).find_map(find).ok_or_else(|| Error::new("no such descriptor"))?;
    read(File::from(canary))
}

/// What is in an open file.
pub fn read(mut file: File) -> Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text).step(|| "read the file")?;
    Ok(text)
}

/// What is in a file with this path.
pub fn read_path(path: &str) -> Result<String> {
    fs::read_to_string(path).step(|| format!("read {path}"))
}
