//! Attacks on what no namespace keeps apart: settings, modules, clock, devices, log, keys.
//!
//! These are the real host's, sandbox or not. So each attempt stops at the point where
//! the kernel has said yes: a file is opened and not written, a call is made with
//! arguments that change nothing.

use std::ffi::CStr;
use std::fs::{self, File};

use nix::errno::Errno;
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use process::{Error, Result, Step};

use super::processes::mount_proc;
use crate::attack::{Attack, sys};

/// A setting of the whole machine: which program the kernel starts at a crash, as root.
const CORE_PATTERN: &str = "/proc/sys/kernel/core_pattern";

/// The device that holds the kernel's log, /dev/kmsg: its kind and numbers.
const KMSG: [&str; 3] = ["c", "1", "11"];

/// What the host's key is called.
const KEY_NAME: &CStr = c"lab-canary";

pub const SETTING: Attack = Attack {
    name: "core-pattern",
    title: "set who is run at a crash",
    tries: "open /proc/sys/kernel/core_pattern for writing (nothing is written). The kernel \
            runs the program that is named there, on the host, as root.",
    why: "the file belongs to the host's root, and root of a user namespace is somebody else. \
          Chapter 9 also makes /proc/sys read-only.",
    reference: "core(5), user_namespaces(7)",
    stopped_by: 8,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| {
        mount_proc();
        File::options()
            .write(true)
            .open(CORE_PATTERN)
            .step(|| format!("open {CORE_PATTERN} for writing"))?;
        Ok(format!("{CORE_PATTERN} can be written"))
    },
};

pub const MODULE: Attack = Attack {
    name: "module",
    title: "load a kernel module",
    tries: "ask for a module to be loaded from a file that is not open: who may not gets \
            EPERM, who may gets EBADF.",
    why: "it takes CAP_SYS_MODULE over the host, which root of a user namespace has not. \
          Chapter 9 drops it and forbids the call.",
    reference: "finit_module(2), capabilities(7)",
    stopped_by: 8,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| match sys::load_no_module() {
        Errno::EBADF => Ok("the kernel would load its module".to_owned()),
        errno => Err(Error::from_errno("load a kernel module", errno)),
    },
};

pub const CLOCK: Attack = Attack {
    name: "clock",
    title: "set the clock",
    tries: "set neither time nor time zone, for which one needs the right to set them.",
    why: "it takes CAP_SYS_TIME over the host, which root of a user namespace has not. \
          Chapter 9 drops it and forbids the call.",
    reference: "settimeofday(2), time_namespaces(7)",
    stopped_by: 8,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| {
        sys::set_no_time().step(|| "set the clock")?;
        Ok("it may set the host's clock".to_owned())
    },
};

pub const DEVICE: Attack = Attack {
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

pub const KERNEL_LOG: Attack = Attack {
    name: "kernel-log",
    title: "read the kernel's log",
    tries: "read it with syslog(2): addresses, devices, what other programs crashed.",
    why: "where kernel.dmesg_restrict is 1 it takes CAP_SYSLOG over the host; where it is 0 \
          anybody may, and only chapter 9's filter of system calls stands in the way.",
    reference: "syslog(2)",
    stopped_by: 9,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| {
        sys::kernel_log().step(|| "read the kernel's log")?;
        Ok("it has read the host's kernel log".to_owned())
    },
};

pub const KEY: Attack = Attack {
    name: "key",
    title: "read a key of who started it",
    tries: "look through the session keyring that it has inherited, where Kerberos tickets \
            and passwords for encrypted disks are kept.",
    why: "there is no namespace for keys, so every child has its parent's. Chapter 9 leaves \
          that keyring for an empty one, and forbids the calls.",
    reference: "session-keyring(7), keyctl(2)",
    stopped_by: 9,
    run: |target| {
        sys::add_key(KEY_NAME, target.secret).step(|| "keep a key")?;
        Ok(target.attack::<&str>(&[], &[])?.has_read(target.secret, "the key"))
    },
    inside: |_| sys::read_key(KEY_NAME).step(|| "read the key"),
};
