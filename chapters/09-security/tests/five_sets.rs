//! Capabilities as an engine may ask for them: each of the five sets by itself.
//!
//! No test harness: its threads would keep everybody from cloning.

use std::ffi::OsString;
use std::process::Command as Program;

use harness::skip;
use process::{CloneFlags, Command, ExitStatus, Process, Steps, User};
use security::{Capabilities, Capability, CapabilitySet, Confinement, Seccomp, Security};

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [user] = &arguments[..] {
        return show_status_of(user);
    }
    if !skip::is_root() {
        return;
    }
    root_gets_what_is_permitted_to_it();
    another_user_gets_what_is_ambient();
}

fn set(names: &[&str]) -> CapabilitySet {
    names.iter().map(|name| name.parse::<Capability>().expect("a name")).collect()
}

/// Becomes a container of our own making that prints what it is allowed.
fn show_status_of(user: &str) {
    let capabilities = Capabilities {
        bounding: set(&["CHOWN", "KILL", "NET_BIND_SERVICE"]),
        effective: set(&["CHOWN", "NET_BIND_SERVICE"]),
        permitted: set(&["CHOWN", "KILL", "NET_BIND_SERVICE"]),
        inheritable: set(&["NET_BIND_SERVICE"]),
        ambient: set(&["NET_BIND_SERVICE"]),
        required: set(&[]),
    };
    let security = Security {
        capabilities,
        seccomp: Seccomp::Unconfined,
        no_new_privileges: true,
        masked: Vec::new(),
        read_only: Vec::new(),
        devices: Vec::new(),
        device_rules: None,
        ulimits: Vec::new(),
    };
    let confinement = Confinement::prepare(security).expect("it can be had");
    let command = Command {
        name: None,
        argv: ["grep", "Cap", "/proc/self/status"].map(OsString::from).to_vec(),
        env: Vec::new(),
        workdir: None,
        user: Some(user.to_owned()),
    };
    let steps = Steps {
        parent: |_| Ok(Vec::new()),
        child: |_| confinement.bound_capabilities(),
        become_user: |user: &User| confinement.enter(user),
    };
    let process = Process::create_in_steps(CloneFlags::empty(), &command, steps);
    let mut process = process.expect("a process");
    process.start().expect("it starts");
    assert_eq!(process.wait().expect("its end"), ExitStatus::Exited(0));
}

/// What the kernel says of a program of this user: inheritable, permitted, effective,
/// bounding, ambient.
fn sets_of(user: &str) -> [u64; 5] {
    let mut again = Program::new(std::env::current_exe().expect("this program"));
    let output = again.arg(user).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    ["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"].map(|field| {
        let line = text.lines().find_map(|line| line.strip_prefix(field)).expect("a field");
        u64::from_str_radix(line.trim(), 16).expect("a number")
    })
}

const CHOWN: u64 = 1;
const KILL: u64 = 1 << 5;
const NET_BIND_SERVICE: u64 = 1 << 10;
const ALL: u64 = CHOWN | KILL | NET_BIND_SERVICE;

/// An exec by root fills what is permitted and in effect from the bounding set.
fn root_gets_what_is_permitted_to_it() {
    let expected = [NET_BIND_SERVICE, ALL, ALL, ALL, NET_BIND_SERVICE];
    assert_eq!(sets_of("0:0"), expected);
}

fn another_user_gets_what_is_ambient() {
    let [inheritable, permitted, effective, bounding, ambient] = sets_of("1000:1000");
    assert_eq!(bounding, ALL);
    for set in [inheritable, permitted, effective, ambient] {
        assert_eq!(set, NET_BIND_SERVICE);
    }
}
