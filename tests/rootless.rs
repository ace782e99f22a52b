//! Everything as an ordinary user: one without a name, and without granted ids.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use harness::{Lab, assert_snapshot, kernel, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Neither in /etc/passwd nor in /etc/subuid.
const SOMEBODY: u32 = 61_234;

/// A user with a home of their own.
pub struct User {
    home: TempDir,
    // Makes sure that the programs are built.
    _state: Lab,
}

impl User {
    /// `None` where the tests do not run as root, who alone can become somebody else.
    pub fn new() -> Option<Self> {
        if !skip::is_root() {
            return None;
        }
        let user = Self { home: TempDir::with_prefix("lab-test-").unwrap(), _state: Lab::new() };
        let home = user.home.path();
        fs::set_permissions(home, fs::Permissions::from_mode(0o755)).unwrap();
        // The built program may be where only root can read.
        harness::copy_program("lab", &home.join("lab"));
        for dir in ["state", "cache"] {
            fs::create_dir(home.join(dir)).unwrap();
            chown(home.join(dir), Some(SOMEBODY), Some(SOMEBODY)).unwrap();
        }
        Some(user)
    }

    fn lab(&self, args: &[&str]) -> Command {
        let home = self.home.path();
        let mut command = Command::new(home.join("lab"));
        command
            .args(args)
            .current_dir(home)
            .env("HOME", home)
            .env("LAB_STATE_DIR", home.join("state"))
            .env("LAB_CACHE_DIR", home.join("cache"))
            .stdin(Stdio::null())
            .uid(SOMEBODY)
            .gid(SOMEBODY);
        command
    }

    /// Runs `lab` to its end, and makes sure that nothing is left recorded.
    pub fn run(&self, args: &[&str]) -> Output {
        let output = self.lab(args).output().expect("lab starts");
        assert_eq!(fs::read_dir(self.home.path().join("state")).unwrap().count(), 0);
        output
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_ordinary_user_runs_every_chapter_and_is_root_in_there() {
    let Some(user) = User::new() else { return };
    for number in 0..=8 {
        let chapter = format!("chapter-{number:02}");
        let output = user.run(&["run", &chapter, "--", "sh", "-c", "id -u; exit 3"]);
        let (said, notes) = (text(&output.stdout), text(&output.stderr));
        let expected = if number == 0 { "61234\n" } else { "0\n" };
        assert_eq!(said, expected, "{chapter}: {notes}");
        assert_eq!(output.status.code(), Some(3), "{chapter}: {notes}");
        if number == 8 {
            assert_snapshot!("rootless_note", notes);
        }
    }
}

#[test]
fn an_ordinary_users_layer_takes_and_lists_changes() {
    let Some(user) = User::new() else { return };
    let script = "set -e; rm -r /home; mkdir /home; echo x > /root/file; ls /home";
    let json = user.home.path().join("report.json");
    fs::write(&json, "").unwrap();
    chown(&json, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
    let path = json.to_str().unwrap();
    let output = user.run(&["run", "8", "--json", path, "--", "sh", "-c", script]);
    assert_eq!(text(&output.stdout), "", "{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    let changes = report["outcome"]["changes"].to_string();
    for line in ["A /root/file", "C /home", "D /home/"] {
        assert!(changes.contains(line), "{line}: {changes}");
    }
}

#[test]
fn what_an_ordinary_user_cannot_have_is_an_error() {
    let Some(user) = User::new() else { return };
    let mut said = String::new();
    for option in [["--memory", "64m"], ["--publish", "8080:80"], ["--user", "1000"]] {
        let output = user.run(&["run", "7", option[0], option[1], "--", "true"]);
        assert_eq!(output.status.code(), Some(125), "{option:?}");
        said += &format!("$ lab run 7 {} -- true\n{}", option.join(" "), text(&output.stderr));
    }
    let filters = &[(r"the cgroup [^:]+", "the cgroup <dir>")];
    assert_snapshot!("rootless_refusals", said, filters => filters);
}

#[test]
fn what_a_killed_run_of_an_ordinary_user_leaves_is_cleaned() {
    let Some(user) = User::new() else { return };
    let script = "mkdir /closed; chmod 0 /closed; echo ready; read line";
    let mut run = user
        .lab(&["run", "8", "--", "sh", "-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = kernel::read_until(run.stdout.as_mut().unwrap(), "ready\n");
    assert!(said.is_some(), "it did not start");
    kill(Pid::from_raw(run.id() as i32), Signal::SIGKILL).unwrap();
    run.wait().unwrap();
    assert_eq!(fs::read_dir(user.home.path().join("state")).unwrap().count(), 1);
    let output = user.run(&["clean"]);
    assert!(text(&output.stdout).contains("removed writable layer"), "{output:?}");
}
