//! A container that outlives who made it, and is started later by somebody else.
//!
//! No test harness: its threads would keep everybody from cloning.

use std::ffi::OsString;
use std::io::{self, Read, Write, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command as Program, Stdio};

use nix::sys::prctl;
use nix::unistd::{Pid, getegid, geteuid};
use process::gate::ParentGate;
use process::{CloneFlags, Command, Error, ExitStatus, Lifetime, Process, Steps, User, child};

fn main() {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let [_, maker, door, command @ ..] = &arguments[..]
        && maker == "maker"
    {
        return make(door.as_ref(), command);
    }
    // What loses its parent is ours from then on, so that we can wait for it.
    prctl::set_child_subreaper(true).expect("a reaper");
    it_is_started_by_who_comes_to_its_door();
    an_error_of_its_start_is_told_at_the_door();
    who_comes_and_leaves_without_a_word_ends_it();
    one_that_is_not_left_ends_with_who_made_it();
}

/// In a process of its own: makes a container of `command`, says which process it is, and
/// ends.
fn make(door: &Path, command: &[OsString]) {
    let listener = UnixListener::bind(door).expect("a door");
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
    let lifetime = Lifetime::OnItsOwn(listener.as_fd());
    let process = Process::create_to_live(lifetime, CloneFlags::empty(), &command, steps);
    let process = process.expect("a process");
    writeln!(io::stdout(), "{}", process.pid()).expect("somebody reads");
    if command.argv[0] != "not-left" {
        process.leave();
    }
}

/// A container that was made and has lost its maker, with the door's place.
struct Made {
    pid: Pid,
    place: tempfile::TempDir,
}

impl Made {
    fn new(command: &[&str]) -> Self {
        let place = tempfile::tempdir().expect("a directory");
        let ourselves = std::env::current_exe().expect("this program");
        let mut maker = Program::new(ourselves);
        maker.arg("maker").arg(place.path().join("door")).args(command);
        // Its output ends with it only if the container does not hold it open.
        let (mut said, says) = pipe().expect("a pipe");
        let mut maker = maker.stdin(Stdio::null()).stdout(says).spawn().expect("it starts");
        assert!(maker.wait().expect("its end").success());
        let mut line = [0; 16];
        let length = said.read(&mut line).expect("a line");
        let pid = str::from_utf8(&line[..length]).expect("text").trim().parse().expect("a number");
        Self { pid: Pid::from_raw(pid), place }
    }

    fn come(&self) -> UnixStream {
        UnixStream::connect(self.place.path().join("door")).expect("somebody listens")
    }

    fn start(&self) -> Result<(), Error> {
        let gate = ParentGate::from(OwnedFd::from(self.come()));
        gate.start()?;
        gate.wait_until_closed()
    }

    fn end(self) -> ExitStatus {
        child::wait_for(self.pid).expect("its end")
    }
}

fn it_is_started_by_who_comes_to_its_door() {
    let made = Made::new(&["sh", "-c", "exit 42"]);
    made.start().expect("it starts");
    assert_eq!(made.end(), ExitStatus::Exited(42));
}

fn an_error_of_its_start_is_told_at_the_door() {
    let made = Made::new(&["there-is-no-such-program"]);
    let error = made.start().expect_err("nothing to start");
    assert_eq!(error.exit_code(), 127);
    assert!(error.to_string().contains("there-is-no-such-program"), "{error}");
    assert_eq!(made.end(), ExitStatus::Exited(127));
}

fn who_comes_and_leaves_without_a_word_ends_it() {
    let made = Made::new(&["sh", "-c", "exit 42"]);
    drop(made.come());
    assert_eq!(made.end(), ExitStatus::Exited(125));
}

fn one_that_is_not_left_ends_with_who_made_it() {
    let made = Made::new(&["not-left"]);
    assert!(child::wait_for(made.pid).is_err(), "its maker has waited for it");
}
