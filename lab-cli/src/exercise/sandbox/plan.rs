//! What a sandbox runs, and in which surroundings.

use std::path::PathBuf;
use std::time::Instant;

/// Where the plan's files are, and where the program starts.
pub const WORK: &str = "/work";
/// A root file system for the program's own containers.
pub const IMAGE: &str = "/image";
/// The program that is run, if the plan brings it.
pub const PROGRAM: &str = "/work/program";

/// What a program may use. There is a wall clock, too, but the caller holds it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Memory of all processes, in bytes.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u32,
    /// The tmpfs that is the root, in bytes.
    pub disk: u64,
    /// Processor time of one process, in seconds.
    pub cpu: u64,
}

/// A file for the sandbox.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its absolute path in there.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its permission bits.
    pub mode: u32,
}

/// What to run, and in which surroundings.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The program and its arguments.
    pub argv: Vec<String>,
    /// Its whole environment.
    pub env: Vec<(String, String)>,
    /// Directories of the host to be shown read-only: the host's path, and the one inside.
    pub shown: Vec<(PathBuf, PathBuf)>,
    /// The root file system to be copied to [`IMAGE`], if it is wanted.
    pub image: Option<PathBuf>,
    /// Files to be written.
    pub files: Vec<Placed>,
    /// Symbolic links to be made: an absolute path in there, and where it leads.
    pub links: Vec<(PathBuf, String)>,
    /// What it may use.
    pub limits: Limits,
    /// When it is ended, whatever it is about.
    pub until: Option<Instant>,
    /// Whether the program is `lab` itself.
    pub is_lab: bool,
    /// Whether it gets a cgroup in which it may make others.
    pub delegate: bool,
}
