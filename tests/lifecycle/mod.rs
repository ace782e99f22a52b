//! Chapter 11: containers that outlive a command, through its own program, a small Docker.

mod detached;
mod ending;
mod full;
mod killed;
mod logs;
mod terminals;
mod together;
mod voice;

use std::ffi::OsStr;
use std::fs;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use harness::{Lab, Ran, eventually, kernel, ran};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// The program whose containers stay, and the root of each.
pub struct Keeper {
    lab: Lab,
    image: PathBuf,
}

/// Stays for as long as nobody ends it, and ends with 7 when it is asked to.
pub const STAYS: &str = "trap 'exit 7' TERM; while :; do sleep 1000 & wait $!; done";

impl Keeper {
    /// `None`, and counted as skipped, without the right to.
    pub fn new() -> Option<Self> {
        let lab = Lab::as_root()?;
        let image = lab.image();
        Some(Self { lab, image })
    }

    /// The program, ready to get arguments.
    pub fn program(&self) -> Command {
        let mut program = self.lab.program("chapter-11-lifecycle");
        // What a terminal is called is the caller's to say, and the tests may have one.
        program.env("TERM", "xterm");
        program
    }

    /// Runs it to its end.
    pub fn docker(&self, args: &str) -> Ran {
        ran(self.program().args(args.split_whitespace()).output().expect("it starts"))
    }

    /// `run` or `create`, with no network, the image and a shell script.
    pub fn make<S: AsRef<OsStr>>(&self, command: &str, args: &str, words: &[S]) -> Ran {
        ran(self.making(command, args, words).output().expect("it starts"))
    }

    /// The same, not started yet.
    pub fn making<S: AsRef<OsStr>>(&self, command: &str, args: &str, words: &[S]) -> Command {
        let mut make = self.program();
        make.args(command.split_whitespace()).arg("--rootfs").arg(&self.image);
        if !args.contains("--network") {
            make.args(["--network", "none"]);
        }
        make.args(args.split_whitespace()).arg("--").args(words);
        make
    }

    /// Starts a container that stays; all 64 digits of its id.
    #[track_caller]
    pub fn run(&self, args: &str, script: &str) -> String {
        let id = self.make("run -d", args, &["sh", "-c", script]).ok().trim().to_owned();
        if script.contains(STAYS) {
            self.until_ready(&id);
        }
        id
    }

    /// Waits until one that [stays](STAYS) can be asked to end: number 1 is not ended by a
    /// signal which it has no handler for.
    #[track_caller]
    pub fn until_ready(&self, id: &str) {
        let status = format!("/proc/{}/status", self.first(id));
        eventually("it has a handler", || {
            let status = fs::read_to_string(&status).expect("it lives");
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t"));
            let caught = u64::from_str_radix(caught.expect("a set"), 16).expect("a set");
            caught & 1 << (libc::SIGTERM - 1) != 0
        });
    }

    /// The record of the container that has this id.
    pub fn record(&self, id: &str) -> PathBuf {
        self.records().join(&id[..12])
    }

    /// A file of JSON in its record.
    pub fn json(&self, id: &str, file: &str) -> Value {
        let text = fs::read_to_string(self.record(id).join(file)).expect("a file of its record");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Who watches over it.
    pub fn monitor(&self, id: &str) -> i32 {
        let life = self.json(id, "life/state.json");
        life["monitor"]["pid"].as_i64().expect("a pid").try_into().expect("a pid")
    }

    /// Its first process.
    pub fn first(&self, id: &str) -> i32 {
        let record = self.json(id, "container.json");
        record["process"]["pid"].as_i64().expect("a pid").try_into().expect("a pid")
    }

    /// What `ps -a` says of its status, without how long ago that was.
    #[track_caller]
    pub fn status(&self, name: &str) -> String {
        let table = self.docker("ps -a").ok();
        let (heads, rows) = table.split_once('\n').expect("heads");
        let (from, to) = (heads.find("STATUS").expect("a head"), heads.find("NAMES"));
        let row = rows.lines().find(|row| {
            row.starts_with(&name[..name.len().min(12)]) || row.split(' ').next_back() == Some(name)
        });
        let row: Vec<char> = row.unwrap_or_else(|| panic!("{name}: {table}")).chars().collect();
        let to = to.expect("a head").min(row.len());
        let status: String = row[from..to].iter().collect();
        status.split(')').next().unwrap_or_default().trim().to_owned()
    }

    /// Waits until it has ended.
    #[track_caller]
    pub fn until_exited(&self, name: &str) -> String {
        eventually("it ends", || self.status(name).starts_with("Exited"));
        self.status(name)
    }

    /// Somebody who waits for its end already, and will print the code.
    pub fn waiting(&self, id: &str) -> Child {
        let mut wait = self.program();
        wait.args(["wait", id]).stdout(Stdio::piped()).stderr(Stdio::piped());
        let wait = wait.spawn().expect("it starts");
        let (fds, ends) = (format!("/proc/{}/fd", wait.id()), self.record(id).join("life/ends"));
        eventually("it waits", || {
            let fds = fs::read_dir(&fds).into_iter().flatten().flatten();
            fds.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|file| file == ends)
        });
        wait
    }

    /// Kills its monitor, and waits for the end of both.
    pub fn kill_monitor(&self, id: &str) {
        let (monitor, first) = (self.monitor(id), self.first(id));
        kill(Pid::from_raw(monitor), Signal::SIGKILL).expect("it is there");
        eventually("both end", || !kernel::is_alive(monitor) && !kernel::is_alive(first));
    }
}

impl Deref for Keeper {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return; // All of them are ended by the other one's drop.
        }
        let ids = self.docker("ps -aq").stdout;
        let ran = self.docker(&format!("rm -f {}", ids.replace('\n', " ")));
        assert!(ids.is_empty() || ran.code == 0, "{ran:?}");
        eventually("nothing runs any more", || self.processes().is_empty());
    }
}
