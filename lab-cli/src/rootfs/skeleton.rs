//! What every root has besides programs: mount points, users, a few settings.

use std::hash::{Hash, Hasher};

use super::tree::{Entry, Tree};

/// Directories and their modes. `home/learner` is open to all because its files belong
/// to whoever builds the root, and uid 1000 inside need not be that.
const DIRECTORIES: [(&str, u32); 15] = [
    ("dev", 0o755),
    ("etc", 0o755),
    ("home", 0o755),
    ("home/learner", 0o777),
    ("mnt", 0o755),
    ("opt", 0o755),
    ("proc", 0o755),
    ("root", 0o700),
    ("run", 0o755),
    ("srv", 0o755),
    ("sys", 0o755),
    ("tmp", 0o1777),
    ("usr/local/bin", 0o755),
    ("var/log", 0o755),
    ("var/tmp", 0o1777),
];

/// Small files. The empty ones are mount points that later chapters fill.
const FILES: [(&str, &str); 9] = [
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\n\
         learner:x:1000:1000:Learner:/home/learner:/bin/sh\n\
         nobody:x:65534:65534:nobody:/:/bin/false\n",
    ),
    ("etc/group", "root:x:0:\ntty:x:5:\nlearner:x:1000:\nnogroup:x:65534:\n"),
    ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
    ("etc/os-release", "NAME=\"Container Lab\"\nPRETTY_NAME=\"Container Lab\"\nID=container-lab\n"),
    // Shells read it when they log in (`sh -l`), and ash and dash where ENV names it.
    ("etc/profile", "PS1='$HOSTNAME:$PWD\\$ '\n"),
    ("etc/hostname", ""),
    ("etc/hosts", ""),
    ("etc/resolv.conf", ""),
    ("srv/index.html", "<h1>Hello from the container</h1>\n"),
];

/// Links and their targets.
const LINKS: [(&str, &str); 2] = [("etc/mtab", "../proc/self/mounts"), ("var/run", "../run")];

/// Adds all of it to a tree.
pub fn add_to(tree: &mut Tree) {
    for (path, mode) in DIRECTORIES {
        tree.add(path, Entry::Directory(mode));
    }
    for (path, text) in FILES {
        tree.add(path, Entry::Text(text));
    }
    for (path, target) in LINKS {
        tree.add(path, Entry::Link(target.into()));
    }
}

/// Adds all of it to a fingerprint.
pub fn hash(hasher: &mut impl Hasher) {
    (DIRECTORIES, FILES, LINKS).hash(hasher);
}
