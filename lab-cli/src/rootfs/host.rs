//! A root made of the host's own programs, with the libraries they need.
//!
//! That is what a container image is, too: a C library, a shell, a few tools, all
//! from one distribution. Only here the distribution is the one you work on.

use std::fs::File;
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};

use process::{Error, Result};

use super::ld_cache;
use super::loader::Loader;
use super::plan::{LeftOut, Plan};
use super::skeleton;
use super::tree::Tree;

/// The program without which there is no root.
const SHELL: &str = "sh";

/// What is taken over where the host has it, by what it is for.
const PROGRAMS: [&[&str]; 9] = [
    // shells
    &[SHELL, "bash", "busybox"],
    // files
    &["ls", "cat", "cp", "mv", "rm", "ln", "mkdir", "rmdir", "mktemp", "touch", "chmod", "chown"],
    &["dd", "df", "du", "stat", "find", "readlink", "realpath", "sync", "tar", "truncate"],
    // texts
    &["awk", "cut", "grep", "head", "less", "od", "printf", "sed", "sort", "tail", "tee", "tr"],
    &["uniq", "vi", "wc", "xargs", "seq", "echo", "basename", "dirname", "expr", "date", "diff"],
    // processes
    &["ps", "kill", "pgrep", "pkill", "top", "free", "uptime", "nice", "nproc", "taskset", "sleep"],
    &[
        "timeout", "env", "true", "false", "test", "[", "yes", "id", "whoami", "uname", "tty",
        "stty",
    ],
    // the kernel's side: mounts, namespaces, capabilities, messages
    &[
        "mount",
        "umount",
        "mountpoint",
        "chroot",
        "pivot_root",
        "unshare",
        "nsenter",
        "lsns",
        "setpriv",
        "capsh",
        "hostname",
        "domainname",
        "ipcs",
        "ipcmk",
        "ipcrm",
        "mknod",
        "sysctl",
        "dmesg",
    ],
    // the network
    &["ip", "ping", "ss", "nc", "ncat", "socat"],
];

/// Where programs are looked for. Those that the administrator or a package manager of
/// some language has put elsewhere may be anything, so they stay outside.
const DIRECTORIES: [&str; 4] = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

/// Libraries that glibc loads by name when it looks up users and hosts; part of the C
/// library itself since 2.34.
const NAME_SERVICES: [&str; 2] = ["libnss_files.so.2", "libnss_dns.so.2"];

/// Where the descriptions of terminals are, and those that a container may meet.
const TERMINFO: [&str; 4] =
    ["/etc/terminfo", "/lib/terminfo", "/usr/lib/terminfo", "/usr/share/terminfo"];
const TERMINALS: [&str; 11] = [
    "a/ansi",
    "a/alacritty",
    "d/dumb",
    "l/linux",
    "s/screen",
    "s/screen-256color",
    "t/tmux",
    "t/tmux-256color",
    "v/vt100",
    "x/xterm",
    "x/xterm-256color",
];

/// Plans a root of the host's tools.
///
/// # Errors
/// If there is no usable shell.
pub fn plan() -> Result<Plan> {
    let mut import = Import { tree: Tree::default(), loader: Loader::of_host() };
    let mut programs = Vec::new();
    let mut left_out = Vec::new();

    // A tool that is installed later shows in the time of its directory. And where /usr
    // is merged, some of these are links, which the tree has to have in any case.
    for dir in DIRECTORIES {
        let _ = import.file(Path::new(dir));
    }
    // Then the shell: what is in the tree by now is what one needs to start.
    import.program(SHELL).map_err(|reason| {
        Error::new(format!("take the host's {SHELL} over: {reason}"))
            .with_hint("any other root does as well: --rootfs DIR")
    })?;
    let essential = import.tree.entries.keys().cloned().collect();
    skeleton::add_to(&mut import.tree);
    for program in PROGRAMS.concat() {
        match import.program(program) {
            Ok(()) => programs.push(program.to_owned()),
            Err(reason) => left_out.push(LeftOut { program: program.to_owned(), reason }),
        }
    }
    import.surroundings();
    programs.sort();
    Ok(Plan { tree: import.tree, essential, programs, left_out })
}

/// Plans a root with nothing but one program, at its own path, and what it needs.
///
/// # Errors
/// If it cannot be taken over.
pub fn with_one_program(program: &Path) -> Result<Tree> {
    let mut import = Import { tree: Tree::default(), loader: Loader::of_host() };
    skeleton::add_to(&mut import.tree);
    let taken = import.loader.needs(program).and_then(|mut files| {
        files.insert(program.to_owned());
        files.iter().try_for_each(|file| import.file(file))
    });
    taken.map_err(|reason| Error::new(format!("take {} over: {reason}", program.display())))?;
    import.surroundings();
    Ok(import.tree)
}

/// Adds what is wanted of the host to a fingerprint.
pub fn hash(hasher: &mut impl Hasher) {
    (PROGRAMS, DIRECTORIES, NAME_SERVICES, TERMINFO, TERMINALS).hash(hasher);
}

/// A tree in the making.
struct Import {
    tree: Tree,
    loader: Loader,
}

impl Import {
    /// Takes a program over with all that it needs, or not at all.
    ///
    /// # Errors
    /// Why it has to be left out, in words.
    fn program(&mut self, name: &str) -> Result<(), String> {
        let mut candidates = DIRECTORIES.iter().map(|dir| Path::new(dir).join(name));
        let program = candidates.find(|path| path.is_file()).ok_or("the host does not have it")?;
        let mut files = match interpreter(&program)? {
            None => self.loader.needs(&program)?,
            Some(shell) if is_shell(&shell) => {
                let mut needs = self.loader.needs(&shell)?;
                needs.insert(shell);
                needs
            }
            Some(other) => return Err(format!("it is a script for {}", other.display())),
        };
        files.insert(program);
        for file in files {
            self.file(&file)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), String> {
        self.tree.take_over(path).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// What programs look for without naming it in their ELF files. Nothing of it has
    /// to be there.
    fn surroundings(&mut self) {
        for library in NAME_SERVICES {
            if let Some(path) = self.loader.find_optional(library, Path::new("/bin/sh")) {
                let _ = self.file(&path);
            }
        }
        for (dir, terminal) in
            TERMINFO.iter().flat_map(|dir| TERMINALS.iter().map(move |terminal| (dir, terminal)))
        {
            let _ = self.file(&Path::new(dir).join(terminal));
        }
        // Libraries in directories of their own are found by the cache, or not at all.
        // It names many libraries that are not in the root; the loader passes over them.
        let is_library = |path: &Path| path.to_string_lossy().contains(".so");
        let is_hidden = |path: &&PathBuf| is_library(path) && !self.loader.is_standard(path);
        if self.tree.sources.keys().any(|path| is_hidden(&path)) {
            let _ = self.file(Path::new(ld_cache::PATH));
        }
    }
}

/// The interpreter in a script's first line; `None` if it is no script.
fn interpreter(program: &Path) -> Result<Option<PathBuf>, String> {
    let mut start = Vec::new();
    File::open(program)
        .and_then(|file| file.take(256).read_to_end(&mut start))
        .map_err(|error| format!("not readable: {error}"))?;
    let Some(line) = start.strip_prefix(b"#!") else { return Ok(None) };
    let line = String::from_utf8_lossy(line);
    let first = line.lines().next().and_then(|line| line.split_whitespace().next());
    Ok(Some(first.unwrap_or_default().into()))
}

/// Whether it is a shell that sources nothing else of the host.
fn is_shell(interpreter: &Path) -> bool {
    let names = ["sh", "dash", "bash"];
    interpreter.file_name().is_some_and(|name| names.iter().any(|shell| name == *shell))
}
