//! The host's disk, or another device of its: opened, and not read.

use std::fs::{self, File};

use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use process::{Error, Result, Step};

use crate::attack::target::Attack;

/// The device that holds the kernel's log, /dev/kmsg: its kind and numbers.
const KMSG: [&str; 3] = ["c", "1", "11"];

pub const ATTACK: Attack = Attack {
    name: "device",
    title: "open a device of the host",
    tries: "make a node with the numbers of the host's disk, and open it (nothing is read). \
            Where the sandbox itself may not, it is the kernel's log instead.",
    why: "a device is known by its numbers, whatever root the node is in. Root of a user \
          namespace may not make one; chapter 9 also allows few devices to be opened.",
    reference: "mknod(2), cgroups(7)",
    stopped_by: 8,
    run: |target| {
        let disks = fs::read_to_string("/proc/partitions").step(|| "read /proc/partitions")?;
        // `254  0  264241152 vda`, after a heading and an empty line.
        let disk = |line: &str| {
            let mut words = line.split_whitespace().map(str::to_owned);
            Some(["b".to_owned(), words.next()?, words.next()?])
        };
        let disks = disks.lines().skip(2).filter_map(disk).take(1);
        let mut devices = disks.chain([KMSG.map(str::to_owned)]);
        let device = devices.find(|device| open_device(device).is_ok());
        target.attack_if_host_may(&device.unwrap_or(KMSG.map(str::to_owned)))
    },
    inside: open_device,
};

/// Makes a node and opens it; the words are its kind and numbers.
fn open_device(words: &[String]) -> Result<String> {
    let [kind, numbers @ ..] = words else { return Err(Error::new("no device")) };
    let numbers: Vec<u64> = numbers.iter().filter_map(|word| word.parse().ok()).collect();
    let &[major, minor] = numbers.as_slice() else { return Err(Error::new("no numbers")) };
    let kind = if kind == "b" { SFlag::S_IFBLK } else { SFlag::S_IFCHR };
    let _ = fs::remove_file("/device");
    mknod("/device", kind, Mode::S_IRUSR, makedev(major, minor)).step(|| "make a device node")?;
    let opened = File::open("/device").step(|| "open the device node");
    let _ = fs::remove_file("/device");
    opened.map(|_| format!("it has opened device {major}:{minor} of the host"))
}
