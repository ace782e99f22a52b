//! What a sandbox shows of this machine, and the files that make it a host.

use std::path::{Path, PathBuf};

use super::plan::{Limits, Placed, Plan};

/// The directories of the real host with its programs and their libraries, and the few
/// files of /etc by which these find each other.
const SHOWN: [&str; 11] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    "/etc/alternatives",
    "/etc/ld.so.cache",
];

/// A program's own files in /etc: this host has a root and nobody else.
const ETC: [(&str, &str); 4] = [
    ("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"),
    ("/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n"),
    ("/etc/hosts", "127.0.0.1\tlocalhost\n127.0.1.1\tsandbox\n"),
    ("/etc/hostname", "sandbox\n"),
];

/// What of this machine is to be seen in every sandbox.
pub fn shown() -> impl Iterator<Item = &'static Path> {
    // A link, as /bin is on most hosts, is made anew by the sandbox.
    let is_there = |path: &&Path| path.exists() && !path.is_symlink();
    SHOWN.iter().map(Path::new).filter(is_there)
}

/// A sandbox for a command, with nothing in it yet but this machine's programs.
pub fn plan(argv: Vec<String>, limits: Limits) -> Plan {
    let env = [
        ("PATH", process::DEFAULT_PATH),
        ("HOME", "/root"),
        ("LAB_STATE_DIR", "/run/lab"),
        ("RUST_BACKTRACE", "0"),
    ];
    Plan {
        argv,
        env: env.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        shown: shown().map(|path| (path.to_owned(), path.to_owned())).collect(),
        image: None,
        files: ETC.map(|(path, text)| file(path, text.as_bytes().to_owned(), 0o644)).into(),
        links: Vec::new(),
        limits,
        until: None,
        is_lab: false,
        delegate: false,
    }
}

/// A file of the plan.
pub fn file(path: impl Into<PathBuf>, bytes: Vec<u8>, mode: u32) -> Placed {
    Placed { path: path.into(), bytes, mode }
}
