//! A container that outlives who made it, and is started later by somebody else.
//!
//! No test harness: its threads would keep everybody from cloning.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{self as programs, Command as Program};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, getegid, geteuid};
use process::gate::ParentGate;
use process::record::DOOR;
use process::{
    CloneFlags, Command, Container, Error, ExitStatus, Kind, Lifetime, Part, Process, State, Stdio,
    Steps, Turn, User, child,
};

fn main() {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    match &arguments[..] {
        [_, role] if role == "sweeper" => return sweep(),
        [_, how, command @ ..] if !command.is_empty() => return make(how, command),
        _ => {}
    }
    // What loses its parent is ours from then on, so that we can wait for it.
    prctl::set_child_subreaper(true).expect("a reaper");
    it_is_started_by_who_comes_to_its_door();
    an_error_of_its_start_is_told_at_the_door();
    who_comes_and_leaves_without_a_word_ends_it();
    one_that_is_not_left_ends_with_who_made_it();
    its_maker_does_not_start_it();
    one_that_does_not_live_on_its_own_cannot_be_left();
    it_has_the_streams_that_it_is_given();
    no_sweep_touches_it_while_it_lives_and_nothing_is_left_afterwards();
}

/// Something that the kernel does not free: a file, and what is written down of it.
#[derive(Debug)]
struct Thing([PathBuf; 2]);

const THING: Kind = Kind { turn: Turn::Files, sweep: sweep_thing };

fn sweep_thing(state: &State) -> process::Result<Vec<String>> {
    let Some(name) = state.recorded("thing")? else { return Ok(Vec::new()) };
    fs::remove_file(process::record::directory().join(String::from_utf8_lossy(&name).as_ref()))
        .expect("the thing was there");
    state.forget("thing")?;
    Ok(vec!["thing".to_owned()])
}

impl Part for Thing {
    fn kind(&self) -> Option<Kind> {
        Some(THING)
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        self.0.iter().for_each(|file| fs::remove_file(file).expect("it is there"));
    }
}

/// In a process of its own: makes a container of `command`, says which process it is, and
/// ends.
fn make(how: &OsStr, command: &[OsString]) {
    let state = State::create().expect("a record");
    let listener = UnixListener::bind(state.dir().join(DOOR)).expect("a door");
    let command = Command {
        name: None,
        argv: command.to_vec(),
        env: Vec::new(),
        workdir: None,
        // Which clears a parent-death signal, and would set it anew.
        user: Some(format!("{}:{}", geteuid(), getegid())),
    };
    let steps =
        Steps { parent: |_: Pid| Ok(Vec::new()), child: |_| Ok(()), become_user: User::become_it };
    let lifetime =
        if how == "ours" { Lifetime::WithRuntime } else { Lifetime::OnItsOwn(listener.as_fd()) };
    let stdio = if how == "with files" { Stdio::Files(given_files()) } else { Stdio::Inherit };
    let process = Process::create_to_live(lifetime, stdio, CloneFlags::empty(), &command, steps);
    let process = process.expect("a process");
    writeln!(io::stdout(), "{}", process.pid()).expect("somebody reads");

    state.record("thing", "thing").expect("it is written down");
    let place = process::record::directory().join("thing");
    fs::write(&place, "").expect("a file");
    let thing = Thing([place, state.dir().join("thing")]);
    let parts: Vec<Box<dyn Part>> = vec![Box::new(thing)];
    let container = Container::new("on-its-own", &command, process, parts, state);
    let container = container.expect("a container");
    match how.to_str() {
        Some("left" | "with files") => container.leave().expect("it is let go of"),
        Some("killed") => raise(Signal::SIGKILL).expect("it comes"),
        Some("started") => {
            let error = container.start().expect_err("it is not for us");
            assert!(error.to_string().ends_with("it lives on its own"), "{error}");
        }
        Some("ours") => {
            let error = container.leave().expect_err("it is the runtime's");
            assert!(error.to_string().ends_with("ends with its runtime"), "{error}");
        }
        _ => {}
    }
}

/// Files of the state directory.
fn given_files() -> [OwnedFd; 3] {
    let place = process::record::directory();
    fs::write(place.join("input"), "what is read\n").expect("a file");
    let errors = File::create(place.join("errors")).expect("a file");
    let output = File::create(place.join("output")).expect("a file");
    let input = File::open(place.join("input")).expect("a file");
    [input.into(), output.into(), errors.into()]
}

/// In a process of its own: removes what others have left, and says what that was.
fn sweep() {
    for state in State::abandoned().expect("the records") {
        for line in process::sweep(&state, &[THING]) {
            writeln!(io::stdout(), "{}", line.expect("it is removed")).expect("somebody reads");
        }
    }
}

/// A container that was made and has lost its maker, with the state directory.
struct Made {
    pid: Pid,
    state: tempfile::TempDir,
}

impl Made {
    fn new(how: &str, command: &[&str]) -> Self {
        let state = tempfile::tempdir().expect("a directory");
        let mut maker = Self::program(&state);
        // Its output ends with it only if the container does not hold it open.
        let (mut said, says) = pipe().expect("a pipe");
        let maker = maker.arg(how).args(command).stdin(programs::Stdio::null()).stdout(says);
        let ended = maker.spawn().and_then(|mut maker| maker.wait()).expect("its end");
        assert_eq!(ended.success(), how != "killed", "{how}: {ended}");
        let mut line = [0; 16];
        let length = said.read(&mut line).expect("a line");
        let pid = str::from_utf8(&line[..length]).expect("text").trim().parse().expect("a number");
        Self { pid: Pid::from_raw(pid), state }
    }

    fn program(state: &tempfile::TempDir) -> Program {
        let mut program = Program::new(std::env::current_exe().expect("this program"));
        program.env("LAB_STATE_DIR", state.path());
        program
    }

    /// What a sweep says to have removed.
    fn sweep(&self) -> String {
        let output = Self::program(&self.state).arg("sweeper").output().expect("it starts");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// The names of what is in the state directory, but for the places of records.
    fn left(&self) -> Vec<PathBuf> {
        let mut left = Vec::new();
        for dir in [self.state.path().to_owned(), self.state.path().join("containers")] {
            let entries = fs::read_dir(dir).expect("a directory").flatten();
            left.extend(entries.map(|entry| entry.path()));
        }
        left.retain(|path| !path.ends_with("containers"));
        left
    }

    fn come(&self) -> UnixStream {
        let record = self.left().into_iter().find(|path| path.join(DOOR).exists());
        let door = record.expect("a record").join(DOOR);
        UnixStream::connect(door).expect("somebody listens")
    }

    fn start(&self) -> Result<(), Error> {
        let gate = ParentGate::from(OwnedFd::from(self.come()));
        gate.start()?;
        gate.wait_until_closed()
    }

    /// Its end, which has to come.
    fn end(&self) -> ExitStatus {
        let deadline = Instant::now() + Duration::from_secs(60);
        while Instant::now() < deadline {
            match child::any_end().expect("a child") {
                Some((pid, status)) if pid == self.pid => return status,
                _ => sleep(Duration::from_millis(5)),
            }
        }
        let _ = kill(self.pid, Signal::SIGKILL);
        panic!("process {} does not end", self.pid);
    }
}

fn it_is_started_by_who_comes_to_its_door() {
    let made = Made::new("left", &["sh", "-c", "exit 42"]);
    made.start().expect("it starts");
    assert_eq!(made.end(), ExitStatus::Exited(42));
}

fn an_error_of_its_start_is_told_at_the_door() {
    let made = Made::new("left", &["there-is-no-such-program"]);
    let error = made.start().expect_err("nothing to start");
    assert_eq!(error.exit_code(), 127);
    assert!(error.to_string().contains("there-is-no-such-program"), "{error}");
    assert_eq!(made.end(), ExitStatus::Exited(127));
}

fn who_comes_and_leaves_without_a_word_ends_it() {
    let made = Made::new("left", &["sh", "-c", "exit 42"]);
    drop(made.come());
    assert_eq!(made.end(), ExitStatus::Exited(125));
}

/// Be it that the maker removes it, or that the maker is killed and cannot.
fn one_that_is_not_left_ends_with_who_made_it() {
    let made = Made::new("not left", &["true"]);
    assert_eq!(made.left(), [""; 0].map(PathBuf::from));
    assert!(child::wait_for(made.pid).is_err(), "its maker has waited for it");

    let made = Made::new("killed", &["true"]);
    assert_eq!(made.end(), ExitStatus::Exited(125));
    assert_eq!(made.sweep(), "thing\n");
    assert_eq!(made.left(), [""; 0].map(PathBuf::from));
}

fn its_maker_does_not_start_it() {
    assert_eq!(Made::new("started", &["true"]).left(), [""; 0].map(PathBuf::from));
}

fn one_that_does_not_live_on_its_own_cannot_be_left() {
    assert_eq!(Made::new("ours", &["true"]).left(), [""; 0].map(PathBuf::from));
}

fn it_has_the_streams_that_it_is_given() {
    let script = "read line; echo \"$line, and written\"; echo told >&2; test ! -t 0";
    let made = Made::new("with files", &["sh", "-c", script]);
    made.start().expect("it starts");
    let written = |name: &str| fs::read_to_string(made.state.path().join(name)).expect("a file");
    assert_eq!(made.end(), ExitStatus::Exited(0));
    assert_eq!(written("output"), "what is read, and written\n");
    assert_eq!(written("errors"), "told\n");
}

fn no_sweep_touches_it_while_it_lives_and_nothing_is_left_afterwards() {
    let made = Made::new("left", &["sleep", "1000"]);
    assert_eq!((&*made.sweep(), made.left().len()), ("", 2), "it is held");
    made.start().expect("it starts");
    assert_eq!((&*made.sweep(), made.left().len()), ("", 2), "it runs");
    kill(made.pid, Signal::SIGKILL).expect("it is there");
    // It has ended, and nobody has waited for it yet.
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(made.pid), flags).expect("its end");
    assert_eq!(made.sweep(), "thing\n");
    assert_eq!(made.left(), [""; 0].map(PathBuf::from));
    assert_eq!(made.end(), ExitStatus::Signaled(9));
}
