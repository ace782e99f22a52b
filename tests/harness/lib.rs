//! How the tests use the built programs: as a person would, on the real kernel.
//!
//! Every test has a [`Lab`]: a state directory of its own, in which its containers
//! are recorded. When the test is over, that directory must be empty again.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

pub mod cgroup;
pub mod host;
pub mod kernel;
pub mod mounts;
pub mod net;
pub mod scratch;
pub mod skip;
pub mod snapshot;
pub mod terminal;

mod sys;

pub use sys::{capability_of, set_capability};

/// How long anything may take before a test gives up on it: what takes a second on a
/// processor may take half a minute on an emulated one.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// The programs under test, with a state directory of their own.
pub struct Lab {
    state: TempDir,
    env: Vec<(&'static str, OsString)>,
    /// The home of an ordinary user, who runs the programs.
    home: Option<TempDir>,
}

/// An ordinary user: neither in /etc/passwd nor in /etc/subuid.
pub const SOMEBODY: u32 = 61_234;

/// What a program printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its exit code; -1 if a signal ended it.
    pub code: i32,
}

impl Lab {
    /// Builds the programs if need be, and makes a state directory.
    pub fn new() -> Self {
        programs();
        let state = scratch::directory();
        Self { state, env: Vec::new(), home: None }
    }

    /// The same for [`SOMEBODY`], whom only root can become.
    pub fn of_somebody() -> Self {
        let mut lab = Self::new();
        let home = scratch::directory();
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(home.path(), mode).expect("a directory of ours");
        for dir in [home.path(), lab.state_dir()] {
            chown(dir, Some(SOMEBODY), Some(SOMEBODY)).expect("we are root");
        }
        // The built program may be where only root can read.
        copy_program("lab", &home.path().join("lab"));
        lab.set_env("HOME", home.path());
        lab.set_env("LAB_CACHE_DIR", home.path().join("cache"));
        lab.home = Some(home);
        lab
    }

    /// Gives the programs another environment.
    pub fn set_env(&mut self, name: &'static str, value: impl Into<OsString>) {
        self.env.push((name, value.into()));
    }

    /// The same, for tests that make namespaces; `None`, and counted as skipped,
    /// without the right to.
    pub fn as_root() -> Option<Self> {
        skip::is_root().then(Self::new)
    }

    /// The state directory.
    pub fn state_dir(&self) -> &Path {
        self.state.path()
    }

    /// Where containers have their records.
    pub fn records(&self) -> PathBuf {
        self.state_dir().join("containers")
    }

    /// The containers that have one, or one of an earlier version.
    pub fn ids(&self) -> Vec<String> {
        let places = [self.records(), self.state_dir().to_owned()];
        let entries = places.iter().flat_map(fs::read_dir).flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| is_id(name))
            .collect()
    }

    /// One of the programs, ready to get arguments: `lab` or a chapter's package.
    pub fn program(&self, name: &str) -> Command {
        let dir = self.home.as_ref().map_or(programs(), TempDir::path);
        let mut command = Command::new(dir.join(name));
        if self.home.is_some() {
            command.uid(SOMEBODY).gid(SOMEBODY).current_dir(dir);
        }
        command
            .env("LAB_STATE_DIR", self.state.path())
            .env("LAB_CACHE_DIR", cache_dir())
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR")
            .env_remove("CLICOLOR_FORCE")
            // Where it is set, even a dumb terminal is taken for one with colours.
            .env_remove("CI")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Whether [`SOMEBODY`] runs the programs.
    pub fn is_of_somebody(&self) -> bool {
        self.home.is_some()
    }

    /// Any other program, by the user who runs these.
    pub fn as_its_user(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        if self.home.is_some() {
            command.uid(SOMEBODY).gid(SOMEBODY);
        }
        command.env("LAB_STATE_DIR", self.state.path());
        command
    }

    /// The processes started with these programs: they know the state directory.
    pub fn processes(&self) -> Vec<i32> {
        let ours = format!("LAB_STATE_DIR={}\0", self.state_dir().display());
        let pids = fs::read_dir("/proc").expect("proc").flatten();
        pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|&pid| {
                let environ = kernel::words(pid, "environ");
                kernel::is_alive(pid) && String::from_utf8_lossy(&environ).contains(&ours)
            })
            .collect()
    }

    /// Runs `lab` to its end.
    pub fn lab<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        ran(self.program("lab").args(args).output().expect("lab starts"))
    }

    /// Runs a shell script in a container: `lab run ARGS -- sh -c SCRIPT`.
    pub fn sh(&self, args: &str, script: &str) -> Ran {
        self.lab(
            ["run"].into_iter().chain(args.split_whitespace()).chain(["--", "sh", "-c", script]),
        )
    }

    /// Runs a shell script in a container, and returns its exit and what `--json` says of
    /// it.
    pub fn report(&self, args: &str, script: &str) -> (Ran, serde_json::Value) {
        let file = self.state_dir().join("report.json");
        let ran = self.sh(&format!("{args} --json {}", file.display()), script);
        let text = fs::read_to_string(&file).unwrap_or_else(|_| panic!("a report: {ran:?}"));
        (ran, serde_json::from_str(&text).expect("JSON"))
    }

    /// Starts a container that stays, and waits until it says `ready`.
    ///
    /// The script runs first; then the container waits for its standard input to
    /// close, which happens when the value is dropped.
    #[track_caller]
    pub fn start(&self, args: &str, script: &str) -> Started {
        match self.try_start(args, script) {
            Ok(container) => container,
            Err(ran) => panic!("not ready: {ran:?}"),
        }
    }

    /// The same where it may fail.
    pub fn try_start(&self, args: &str, script: &str) -> Result<Started, Ran> {
        let script = format!("{script}\necho ready; read line; true");
        let mut child = self
            .program("lab")
            .arg("run")
            .args(args.split_whitespace())
            .args(["--", "sh", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lab starts");
        let said = kernel::read_until(child.stdout.as_mut().expect("a pipe"), "ready\n");
        let Some(said) = said else {
            let _ = child.kill();
            return Err(ran(child.wait_with_output().expect("it ends")));
        };
        let runtime = child.id().cast_signed();
        // The runtime has one child: the container's first process.
        let pid = kernel::wait_for("the container's process", || kernel::child_of(runtime));
        Ok(Started { child: Some(child), runtime, pid, said })
    }

    /// The default root file system of chapter 7, made if need be.
    pub fn image(&self) -> PathBuf {
        let output = self.lab(["rootfs", "--json"]);
        let json: serde_json::Value = serde_json::from_str(&output.stdout).expect("JSON");
        let pristine = json["image"]["path"].as_str().expect("a path");
        PathBuf::from(pristine)
    }
}

impl Default for Lab {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // All that the test has started ends with it, also if it came to no end itself.
        for pid in self.processes() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        if std::thread::panicking() {
            // The records go with the directory: the last chance to use them.
            let _ = self.program("lab").arg("clean").output();
            return;
        }
        // `kept` layers are kept on purpose; tests of --keep remove theirs.
        let left = self.ids();
        assert!(left.is_empty(), "containers left behind: {left:?}");
    }
}

/// The name of a record: twelve hexadecimal digits.
fn is_id(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A container that is running.
pub struct Started {
    child: Option<Child>,
    /// The process that runs `lab`.
    pub runtime: i32,
    /// The container's first process, as the host numbers it.
    pub pid: i32,
    /// What it printed before it was ready.
    pub said: String,
}

impl Started {
    /// The container's id, from chapter 4 on: its host name.
    pub fn id(&self) -> String {
        let name = fs::read_to_string(format!("/proc/{}/root/etc/hostname", self.pid));
        name.expect("a host name").trim().to_owned()
    }

    /// Lets the container go on, and waits for its end.
    pub fn finish(mut self) -> Ran {
        let mut child = self.child.take().expect("it is running");
        drop(child.stdin.take());
        ran(child.wait_with_output().expect("it ends"))
    }

    /// Waits for the end without letting it go on.
    pub fn wait(mut self) -> Ran {
        let mut child = self.child.take().expect("it is running");
        let stdin = child.stdin.take();
        let output = child.wait_with_output().expect("it ends");
        drop(stdin);
        ran(output)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Its container goes with it, and what is recorded is swept by the next run.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a program that has ended printed, and how it ended.
pub fn ran(output: Output) -> Ran {
    Ran {
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
    }
}

impl Ran {
    /// The standard output, after making sure that all went well.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self.stdout
    }
}

/// The directory of the built programs: `$LAB_BIN_DIR`, or they are built here.
///
/// `cargo test` builds the programs of other packages as tests only, so the first
/// test asks for the real ones; after a build that is a matter of milliseconds.
pub fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        sys::catch_ignored_signals();
        if let Some(dir) = std::env::var_os("LAB_BIN_DIR") {
            return dir.into();
        }
        // target/debug/deps/lab-0123 → target/debug
        let this = std::env::current_exe().expect("our own path");
        let dir = this.ancestors().nth(2).expect("target/<profile>").to_owned();
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--workspace", "--bins"]);
        if dir.ends_with("release") {
            build.arg("--release");
        }
        let status = build.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo runs");
        assert!(status.success(), "the programs do not build");
        dir
    })
}

/// Copies a program to where another user can execute it.
///
/// Not by ourselves: our descriptor, open for writing, would be in the hands of whatever
/// another test forks meanwhile, and as long as it is, no program is executed (ETXTBSY).
#[track_caller]
pub fn copy_program(name: &str, copy: &Path) {
    let status = Command::new("cp").arg(programs().join(name)).arg(copy).status();
    assert!(status.expect("cp starts").success());
}

/// Where the tests keep root file systems and libraries from run to run.
pub fn cache_dir() -> PathBuf {
    programs().parent().unwrap_or(programs()).join("tmp/lab-test-cache")
}

/// Waits for a condition with a deadline, and names it when it does not come.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "it did not happen in time: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
