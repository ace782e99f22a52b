//! Everything as an ordinary user: one without a name, and without granted ids.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;

use harness::cgroup::Delegated;
use harness::net::{HOST, Net};
use harness::{DEADLINE, Lab, Ran, assert_snapshot, eventually, kernel, scratch, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// Neither in /etc/passwd nor in /etc/subuid.
const SOMEBODY: u32 = 61_234;

/// What is said of the network depends on what is installed; it has tests of its own.
const NETWORK: (&str, &str) = ("(?m)^note: its? .*way to the outside.*$", "note: <network>");
/// That there is no way out of the bridge is told where no program makes one.
const NO_RULES: (&str, &str) = ("(?m)^note: the container cannot reach the outside: .*\n", "");

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
        let user = Self { home: scratch::directory(), _state: Lab::new() };
        let home = user.home.path();
        fs::set_permissions(home, fs::Permissions::from_mode(0o755)).unwrap();
        chown(home, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
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

    /// The same after root has run a shell command, in a mount namespace of its own.
    fn as_user_after(&self, prepare: &str, args: &[&str]) -> Command {
        self.program_as_user_after(prepare, &self.home.path().join("lab"), args)
    }

    /// The same of `lab` at another path.
    fn program_as_user_after(&self, prepare: &str, program: &Path, args: &[&str]) -> Command {
        let home = self.home.path();
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "sh", "-c"])
            .arg(format!(
                "set -e; {prepare}\n\
                 exec setpriv --reuid {SOMEBODY} --regid {SOMEBODY} --clear-groups \"$@\"",
            ))
            .arg("sh")
            .arg(program)
            .args(args)
            .envs(self.lab(&[]).get_envs().filter_map(|(key, value)| Some((key, value?))))
            .current_dir(home)
            .stdin(Stdio::null());
        command
    }

    /// The same on a host where everybody may make a tap, as on most of them.
    fn lab_with_tun(&self, args: &[&str]) -> Command {
        let prepare = "mount -t tmpfs -o mode=755 none /dev/net; \
                       mknod /dev/net/tun c 10 200; chmod 666 /dev/net/tun";
        self.as_user_after(prepare, args)
    }

    /// A `PATH` that begins with these programs, which are shell scripts.
    fn path_with(&self, programs: &[(&str, &str)]) -> String {
        let bin = self.home.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        for (name, script) in programs {
            fs::write(bin.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
    }

    /// Waits until the world has ended, and makes sure that as many containers are recorded.
    #[track_caller]
    fn has_left(&self, records: usize) {
        let state = self.home.path().join("state");
        let is_left = |place: &str| state.join(place).exists();
        eventually("the world ends", || !is_left("world") && !is_left("network"));
        let recorded = fs::read_dir(state.join("containers")).map_or(0, Iterator::count);
        assert_eq!(recorded, records);
    }

    /// Runs `lab` to its end, and makes sure that nothing is left recorded.
    pub fn run(&self, args: &[&str]) -> Output {
        let output = self.lab(args).output().expect("lab starts");
        self.has_left(0);
        output
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn an_ordinary_user_runs_every_chapter_and_is_root_in_there() {
    let Some(user) = User::new() else { return };
    for number in 0..=9 {
        let chapter = format!("chapter-{number:02}");
        let output = user.run(&["run", &chapter, "--", "sh", "-c", "id -u; exit 3"]);
        let (said, notes) = (text(&output.stdout), text(&output.stderr));
        let expected = if number == 0 { "61234\n" } else { "0\n" };
        assert_eq!(said, expected, "{chapter}: {notes}");
        assert_eq!(output.status.code(), Some(3), "{chapter}: {notes}");
        if number == 8 {
            assert_snapshot!("rootless_note", notes, filters => &[NETWORK, NO_RULES]);
        }
    }
}

#[test]
fn the_program_may_be_on_a_mount_that_nobody_else_has() {
    let Some(user) = User::new() else { return };
    let home = user.home.path().display();
    for chapter in ["3", "8"] {
        let args = ["run", chapter, "--", "sh", "-c", "id -u; exit 3"];
        let mut lab = user.as_user_after(&format!("mount --bind {home} {home}; cd {home}"), &args);
        let output = lab.output().unwrap();
        assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(3), "0\n"), "{output:?}");
    }
}

#[test]
fn a_working_directory_that_cannot_be_entered_again_is_left() {
    let Some(user) = User::new() else { return };
    let closed = scratch::named("lab-closed-");
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let prepare = format!("cd {}", closed.path().display());
    let mut lab = user.as_user_after(&prepare, &["run", "7", "--", "sh", "-c", "pwd"]);
    let output = lab.output().unwrap();
    assert_eq!((output.status.code(), &*text(&output.stdout)), (Some(0), "/\n"), "{output:?}");
    let note = format!(
        "enter {}: permission denied; the working directory is / now",
        closed.path().display()
    );
    assert!(text(&output.stderr).contains(&note), "{output:?}");
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
    for option in [["--memory", "64m"], ["--user", "1000"]] {
        let output = user.run(&["run", "7", option[0], option[1], "--", "true"]);
        assert_eq!(output.status.code(), Some(125), "{option:?}");
        said += &format!("$ lab run 7 {} -- true\n{}", option.join(" "), text(&output.stderr));
    }
    // What to type depends on who manages the cgroups of this host.
    let filters = &[
        (r"a cgroup in [^:]+", "a cgroup in <dir>"),
        (r"a part of the tree: .*", "a part of the tree: <command>"),
        NETWORK,
        NO_RULES,
    ];
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
    kill(Pid::from_raw(run.id().cast_signed()), Signal::SIGKILL).unwrap();
    run.wait().unwrap();
    user.has_left(1);
    let output = user.run(&["clean"]);
    assert!(text(&output.stdout).contains("removed writable layer"), "{output:?}");
}

#[test]
fn who_refuses_a_user_namespace_is_named_with_what_an_administrator_types() {
    let Some(user) = User::new() else { return };
    // A user namespace in which no other may be made, and settings as other hosts have
    // them: what they do besides cannot be had on this kernel.
    let with_switch = |name: &str, value: &str| {
        format!("mount -t tmpfs none /proc/sys/kernel; echo {value} > /proc/sys/kernel/{name}")
    };
    let mut said = String::new();
    for setting in [
        "true".to_owned(),
        with_switch("unprivileged_userns_clone", "0"),
        with_switch("apparmor_restrict_unprivileged_userns", "1"),
    ] {
        let lab = user.lab(&["run", "3", "--", "true"]);
        let mut outer = Command::new("unshare");
        outer.args(["--user", "--map-current-user", "--keep-caps", "--mount", "sh", "-c"]);
        outer.arg(format!(
            "set -e; echo 0 > /proc/sys/user/max_user_namespaces; {setting}; exec \"$@\""
        ));
        outer.arg("sh").arg(lab.get_program()).args(lab.get_args());
        outer.envs(lab.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let output = outer.uid(SOMEBODY).gid(SOMEBODY).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(125), "{output:?}");
        said += &text(&output.stderr);
    }
    assert_snapshot!("rootless_switches", said);
}

#[test]
fn an_ordinary_user_has_limits_in_a_part_of_the_tree_that_is_theirs() {
    let Some(user) = User::new() else { return };
    let delegated = Delegated::to(SOMEBODY, &["memory", "pids"]);
    let script = "cd /sys/fs/cgroup; cat memory/memory.limit_in_bytes pids/pids.max 2> /dev/null \
                  || cat memory.max pids.max; x=a; while :; do x=$x$x; done";
    let limits = ["-m", "32m", "--pids-limit", "50"];
    let mut args = vec!["run", "9", "--network", "none"];
    args.extend(limits.into_iter().chain(["--", "sh", "-c", script]));
    let mut shell = user.as_user_after(&delegated.enter(), &args);
    let output = shell.output().unwrap();
    assert_eq!(text(&output.stdout), "33554432\n50\n", "{output:?}");
    assert_eq!(output.status.code(), Some(137), "{output:?}");
    assert!(text(&output.stderr).contains("the memory limit of 32 MiB was reached"), "{output:?}");
    assert!(delegated.containers().is_empty());
    // A controller that was not delegated is an error, and nothing is left of the others.
    let args = ["run", "9", "--network", "none", "-m", "32m", "--cpuset-cpus", "0", "--", "true"];
    let output = user.as_user_after(&delegated.enter(), &args).output().unwrap();
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    assert!(text(&output.stderr).contains("cpuset"), "{output:?}");
    assert!(delegated.containers().is_empty());
}

#[test]
fn a_port_is_led_in_where_no_program_leads_out() {
    let Some(user) = User::new().filter(|_| skip::has_one_of(&["ip"])) else { return };
    let (host, _) = Net::host();
    let script = "echo ready; read line";
    let mut lab = user.lab(&["run", "7", "-p", "127.0.0.1:18080:80", "--", "sh", "-c", script]);
    lab.env("PATH", user.home.path()).stderr(Stdio::piped());
    let (mut run, pid) = host.inside(|| start(&mut lab));
    let server = Net::of(pid).listen(80);
    assert!(host.reaches((Ipv4Addr::LOCALHOST, 18080), &server).is_some());
    // A second container cannot have it, and nothing is left of the attempt.
    let mut lab = user.lab(&["run", "7", "-p", "127.0.0.1:18080:80", "--", "true"]);
    let output = host.inside(|| lab.output()).unwrap();
    assert_eq!(output.status.code(), Some(125), "{output:?}");
    assert!(text(&output.stderr).contains("error: publish 127.0.0.1:18080:"), "{output:?}");
    drop(run.stdin.take());
    let output = run.wait_with_output().unwrap();
    assert_snapshot!("rootless_no_uplink", text(&output.stderr), filters => &[NO_RULES]);
    user.has_left(0);
}

/// Whether a process waits for something, and does not work.
fn sleeps(pid: i32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('S'))
}

#[test]
fn clients_of_a_port_wait_while_there_are_too_many() {
    let Some(user) = User::new().filter(|_| skip::has_one_of(&["ip"])) else { return };
    let (host, _) = Net::host();
    let run = user.lab(&["run", "7", "-p", "127.0.0.1:18080:80", "--", "sh", "-c"]);
    let mut lab = Command::new("sh");
    // Descriptors for some twenty connections.
    lab.args(["-c", "ulimit -n 64; exec \"$@\"", "sh"]).arg(run.get_program());
    lab.args(run.get_args()).arg("echo ready; read line");
    lab.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    lab.current_dir(user.home.path()).uid(SOMEBODY).gid(SOMEBODY);
    let (mut run, pid) = host.inside(|| start(&mut lab));
    let server = Net::of(pid).listen(80);
    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, 18080)).expect("the port is open");
    let clients: Vec<_> = host.inside(|| (0..40).map(|_| connect()).collect());
    let ports = children(run.id()).into_iter().find(|pid| name(*pid) == "lab:ports");
    eventually("it waits", || sleeps(ports.expect("it leads in")));
    drop(clients);
    let mut last = host.inside(connect);
    last.write_all(b"question").expect("it is sent");
    last.shutdown(Shutdown::Write).expect("that is all");
    server.set_nonblocking(true).expect("a socket");
    eventually("the last one is heard", || {
        let Ok((mut served, _)) = server.accept() else { return false };
        served.set_nonblocking(false).expect("a socket");
        let mut said = String::new();
        served.read_to_string(&mut said).is_ok_and(|_| said == "question")
    });
    drop(run.stdin.take());
    run.wait().unwrap();
    user.has_left(0);
}

fn may_try_tun() -> bool {
    let is_there = Path::new("/dev/net/tun").exists();
    if !is_there {
        skip::skip("needs /dev/net/tun");
    }
    is_there
}

#[test]
fn a_program_that_fails_or_hangs_leaves_the_network_isolated() {
    let Some(user) = User::new() else { return };
    if !may_try_tun() {
        return;
    }
    // It hides, as a daemon does, before it hangs.
    let path = user.path_with(&[
        ("pasta", "setsid sleep 86417 & exec sleep 86417"),
        ("slirp4netns", "echo one thing >&2; echo another >&2; exit 1"),
    ]);
    let mut lab = user.lab_with_tun(&["run", "5", "--", "true"]);
    let output = lab.env("PATH", &path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_snapshot!("rootless_failed_uplinks", text(&output.stderr), filters => &[NO_RULES]);
    eventually("what hung is gone", || find_process(b"sleep\x0086417\0").is_none());
    let mut lab = user.lab_with_tun(&["run", "5", "--", "true"]);
    let path = user.path_with(&[("pasta", "echo no >&2; exit 1")]);
    let output = lab.env("PATH", path).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output.stderr).contains("pasta: no; slirp4netns: another"), "{output:?}");
}

/// The process with this command line.
fn find_process(command: &[u8]) -> Option<i32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let mut pids = processes.filter_map(|process| process.file_name().to_str()?.parse().ok());
    pids.find(|pid: &i32| kernel::words(*pid, "cmdline") == command)
}

#[test]
fn a_network_that_has_lost_its_way_out_says_so() {
    let Some(user) = User::new() else { return };
    if !may_try_tun() {
        return;
    }
    let mut lab = user.lab_with_tun(&["run", "7", "--", "sh", "-c", "echo ready; read line"]);
    lab.env("PATH", user.path_with(&[("pasta", "sleep 86418 >/dev/null 2>&1 &")]));
    let (mut run, _) = start(lab.stderr(Stdio::null()));
    let network = fs::read(user.home.path().join("state/network")).expect("its file");
    let network: serde_json::Value = serde_json::from_slice(&network).expect("JSON");
    let uplink = &network["built"]["uplink"]["pid"];
    let second = |note: &str| {
        let output = user.lab(&["run", "7", "--", "true"]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(text(&output.stderr).contains(note), "{output:?}");
    };
    second("note: its way to the outside is pasta\n");
    let program = find_process(b"sleep\x0086418\0").expect("it goes on");
    kill(Pid::from_raw(program), Signal::SIGKILL).expect("it is there");
    let uplink = i32::try_from(uplink.as_i64().expect("a number")).expect("a process id");
    eventually("the uplink ends", || !kernel::is_alive(uplink));
    second(&format!("note: it has lost its way to the outside: lab:uplink, process {uplink}, "));
    drop(run.stdin.take());
    run.wait().unwrap();
    user.has_left(0);
}

#[test]
fn what_a_run_prints_ends_with_it_while_others_use_the_network_that_it_has_made() {
    let Some(user) = User::new() else { return };
    if !may_try_tun() {
        return;
    }
    let waits = ["run", "7", "--", "sh", "-c", "echo ready; read line"];
    let mut lab = user.lab_with_tun(&waits);
    lab.env("PATH", user.path_with(&[("pasta", "sleep 86419 >/dev/null 2>&1 &")]));
    let (mut first, _) = start(lab.stderr(Stdio::piped()));
    let (mut second, _) = start(user.lab(&waits).stderr(Stdio::null()));
    drop(first.stdin.take());
    let (tell, told) = channel();
    std::thread::spawn(move || tell.send(first.wait_with_output()));
    let output = told.recv_timeout(DEADLINE).expect("the end").unwrap();
    assert!(text(&output.stderr).contains("its way to the outside is pasta"), "{output:?}");
    drop(second.stdin.take());
    second.wait().unwrap();
    user.has_left(0);
}

#[test]
fn a_mount_that_only_the_world_has_is_named() {
    let Some(user) = User::new() else { return };
    let volume = user.home.path().join("volume");
    fs::create_dir(&volume).expect("a directory");
    let volume = volume.display().to_string();
    let first = ["run", "7", "--", "sh", "-c", "echo ready; read line"];
    let mut lab = user.as_user_after(&format!("mount -t tmpfs none {volume}"), &first);
    let (mut run, _) = start(lab.stderr(Stdio::null()));
    let says = |args: &[&str]| {
        let output = user.lab(args).output().expect("lab starts");
        assert!(output.status.success(), "{output:?}");
        text(&output.stderr)
            .contains(&format!("note: what is mounted on {volume} in here is not outside: "))
    };
    assert!(says(&["run", "7", "-v", &format!("{volume}:/srv"), "--", "true"]));
    assert!(!says(&["run", "7", "--", "true"]), "it is not named");
    drop(run.stdin.take());
    run.wait().unwrap();
    user.has_left(0);
}

/// Starts a container that stays until its standard input closes; its first process.
fn start(lab: &mut Command) -> (Child, i32) {
    let mut run = lab.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let said = kernel::read_until(run.stdout.as_mut().unwrap(), "ready\n");
    assert!(said.is_some(), "it did not start");
    let pid = children(run.id()).into_iter().find(|pid| name(*pid) != "lab:ports");
    (run, pid.expect("the container's process"))
}

fn children(pid: u32) -> Vec<i32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    children.split_whitespace().flat_map(str::parse).collect()
}

fn name(pid: i32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

/// What both programs have to do, with the other one out of the way.
fn connects(tool: &str, other: &str) {
    let Some(user) = User::new() else { return };
    if !may_try_tun() {
        return;
    }
    if !skip::has_one_of(&[tool]) || !skip::has_one_of(&["ip"]) {
        return;
    }
    let (host, elsewhere) = Net::host();
    host.ip("route add default via 198.51.100.2");
    let script = "echo ready; read line";
    let publish = ["-p", "18080:80", "-p", "127.0.0.1:18081:81", "-p", "5353:53/udp"];
    let mut args = vec!["run", "5"];
    args.extend(publish.into_iter().chain(["--", "sh", "-c", script]));
    let mut lab = user.lab_with_tun(&args);
    lab.env("PATH", user.path_with(&[(other, "exit 1")]));
    let (mut run, pid) = host.inside(|| start(&mut lab));

    // No link of the network in between listens to routers: it has no IPv6.
    let between = Net::of(run.id().cast_signed());
    assert_eq!(between.ip("-6 address show scope link"), "");
    assert_eq!(between.ip("-6 route show default"), "");
    assert!(between.ip("-brief link").lines().count() >= 4, "lo, a tap, lab0, a cable");

    let container = Net::of(pid);
    let far = elsewhere.listen(7000);
    let peer = container.reaches((Ipv4Addr::new(198, 51, 100, 2), 7000), &far);
    assert_eq!(peer.expect("a way out").ip(), HOST, "sent by a socket on the host");
    let (server, local) = (container.listen(80), container.listen(81));
    assert!(elsewhere.reaches((HOST, 18080), &server).is_some());
    assert!(host.reaches((Ipv4Addr::LOCALHOST, 18080), &server).is_some());
    assert!(host.reaches((Ipv4Addr::LOCALHOST, 18081), &local).is_some());
    assert!(elsewhere.reaches((HOST, 18081), &local).is_none(), "of the loopback only");
    let names = container.listen_udp(53);
    assert!(elsewhere.reaches_udp((HOST, 5353), &names));

    // However the runtime ends, the program ends with it, and the port is free.
    kill(Pid::from_raw(run.id().cast_signed()), Signal::SIGKILL).unwrap();
    run.wait().unwrap();
    eventually("the port is free", || {
        host.inside(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, 18080))).is_ok()
    });
    let output = user.run(&["clean"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn pasta_connects_an_ordinary_users_container() {
    connects("pasta", "slirp4netns");
}

#[test]
fn slirp4netns_connects_an_ordinary_users_container() {
    connects("slirp4netns", "pasta");
}

/// What `lab` says to a root with other privileges than a host's root has: setpriv(1).
fn with_privileges(lab: &Lab, privileges: &[&str], args: &[&str]) -> Ran {
    let run = lab.program("lab");
    let mut outer = Command::new("setpriv");
    outer.args(privileges).arg(run.get_program()).args(args).stdin(Stdio::null());
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    harness::ran(outer.output().expect("setpriv starts"))
}

/// A root as in a container, which has neither CAP_SYS_ADMIN nor CAP_NET_ADMIN.
const DOCKERS: &str = "-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,\
    +setfcap,+setpcap,+net_bind_service,+sys_chroot,+kill,+audit_write";

#[test]
fn a_root_without_its_power_does_as_an_ordinary_user() {
    let Some(lab) = Lab::as_root() else { return };
    let note = "note: this root lacks CAP_SYS_ADMIN, as in a container: this runs in a user \
                namespace, chapter 8 explains it\n";
    for privileges in [
        &["--bounding-set", "-sys_admin"][..],
        &["--bounding-set", DOCKERS],
        &["--no-new-privs", "--bounding-set", DOCKERS],
    ] {
        for number in 0..=9 {
            let number = number.to_string();
            let mut args = vec!["run", &number, "--view", "none"];
            if number.as_str() >= "5" {
                args.extend(["--network", "none"]);
            }
            args.extend(["--", "sh", "-c", "id -u; exit 3"]);
            let ran = with_privileges(&lab, privileges, &args);
            assert_eq!((ran.stdout.as_str(), ran.code), ("0\n", 3), "{number}: {}", ran.stderr);
            assert_eq!(ran.stderr, if number == "0" { "" } else { note }, "{number}");
        }
    }
    let attack = ["attack", "--json", "--attack", "hostname", "chapter-03", "chapter-04"];
    let cells = with_privileges(&lab, &["--bounding-set", DOCKERS], &attack).ok();
    let cells: serde_json::Value = serde_json::from_str(&cells).expect("JSON");
    let results = [0, 1].map(|at| cells[at]["result"].as_str());
    assert_eq!(results, [Some("works"), Some("blocked")], "{cells}");
}

#[test]
fn what_a_powerless_root_left_is_cleaned_by_one() {
    let Some(lab) = Lab::as_root() else { return };
    let run = lab.program("lab");
    let mut outer = Command::new("setpriv");
    outer.args(["--bounding-set", DOCKERS]).arg(run.get_program());
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    outer.args(["run", "7", "--network", "none", "--", "sh", "-c", "echo ready; read line"]);
    let (mut run, _) = start(&mut outer);
    run.kill().unwrap();
    run.wait().unwrap();
    let said = with_privileges(&lab, &["--bounding-set", DOCKERS], &["clean"]).ok();
    assert!(said.contains("removed writable layer"), "{said}");
}

#[test]
fn a_root_in_a_container_is_told_what_it_lacks() {
    let Some(lab) = Lab::as_root() else { return };
    // Chapter 9's container is one as Docker makes it: its capabilities, filter and masks.
    // Mounts below the host's root are not in its layer, and our programs may be there.
    let programs = format!("{}:/programs:ro", harness::programs().display());
    let inside = |options: &[&str], args: &[&str]| {
        let outer = ["run", "9", "--userns", "host", "--network", "none", "--view", "none"];
        let programs = ["-v", &*programs];
        let root = ["--rootfs", "/", "-e", "LAB_CACHE_DIR", "-e", "LAB_STATE_DIR=/tmp/state", "--"];
        let mut outer: Vec<&OsStr> =
            outer.iter().chain(&programs).chain(options).chain(&root).map(OsStr::new).collect();
        outer.push("/programs/lab".as_ref());
        outer.extend(args.iter().map(OsStr::new));
        lab.lab(outer)
    };
    let unconfined = ["--security-opt", "seccomp=unconfined"];
    let lines = |ran: Ran| {
        assert_eq!(ran.code, 125, "{ran:?}");
        let lines = ran.stderr.lines().filter(|line| !line.starts_with("note: "));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let mut said = String::new();
    for (options, run) in [
        (&[][..], &["run", "2", "--", "true"][..]),
        (&[], &["run", "9", "--network", "none", "--", "true"]),
        (&unconfined, &["run", "3", "--", "true"]),
    ] {
        said += &lines(inside(options, run));
    }
    assert_snapshot!("powerless_root", said);
    // A user namespace and what needs no /proc of its own it gets, and chapter 0 anyway.
    assert_eq!(inside(&unconfined, &["run", "2", "--view", "none", "--", "id", "-u"]).ok(), "0\n");
    assert_eq!(inside(&[], &["run", "0", "--view", "none", "--", "id", "-u"]).ok(), "0\n");
    let doctor = inside(&[], &["doctor"]).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(doctor.contains("this root lacks CAP_SYS_ADMIN, as in a container"), "{doctor}");
}

#[test]
fn a_program_that_its_path_does_not_lead_to_starts_again() {
    let Some(user) = User::new() else { return };
    // On a mount of a namespace that ends when the program leaves it.
    let lab = user.home.path().join("lab");
    let elsewhere = format!("mount -t tmpfs none /mnt; cp {} /mnt/lab; cd /", lab.display());
    // Deleted since, as by a build.
    let deleted = format!("cp {0} {0}-again; exec 3< {0}-again; rm {0}-again", lab.display());
    for (prepare, program) in [(&elsewhere, "/mnt/lab"), (&deleted, "/proc/self/fd/3")] {
        for args in [
            &["run", "3", "--view", "none", "--", "echo", "it runs"][..],
            &["run", "9", "--network", "none", "--view", "none", "--", "echo", "it runs"],
            &["compare", "1", "2", "--", "echo", "it runs"],
            &["attack", "--attack", "hostname", "3"],
        ] {
            let mut command = user.program_as_user_after(prepare, program.as_ref(), args);
            let ran = harness::ran(command.output().unwrap());
            let said = ran.stdout.contains("it runs") || ran.stdout.contains("works");
            assert!(said && ran.code == 0, "{program} {args:?}: {ran:?}");
        }
    }
}

#[test]
fn a_user_without_a_home_has_a_directory_of_their_own() {
    let Some(user) = User::new() else { return };
    let lab = user.home.path().join("lab");
    // A host with an empty /tmp, and a program that is not in there.
    let host = format!(
        "mount -t tmpfs none /mnt; cp {} /mnt/lab; mkdir -m 700 /mnt/own; chown {SOMEBODY} /mnt/own; \
         mount -t tmpfs -o mode=1777 none /tmp; cd /",
        lab.display()
    );
    let run = "/mnt/lab run 2 --view none -- echo it runs 2> /dev/null";
    let cases = [
        ("HOME=/tmp", "", format!("{run} && stat -c '%a %u' /tmp/lab-*"), "it runs\n700 61234\n"),
        ("HOME=", "", format!("{run} && ls /tmp"), "it runs\nlab-61234\n"),
        ("HOME=/mnt/own", "", format!("{run} && ls /tmp"), "it runs\n"),
        (
            "XDG_RUNTIME_DIR=/mnt/own HOME=/nowhere",
            "",
            format!("{run} && ls -A /tmp /mnt/own"),
            "it runs\n/mnt/own:\n.cache\n.local\n\n/tmp:\n",
        ),
        // Somebody was there before.
        (
            "HOME=/tmp",
            "mkdir -m 777 /tmp/lab-61234; chown 61234 /tmp/lab-61234",
            format!("{run} || echo no"),
            "no\n",
        ),
        ("HOME=/tmp", "mkdir -m 700 /tmp/lab-61234", format!("{run} || echo no"), "no\n"),
        ("HOME=/tmp", "ln -s /mnt/own /tmp/lab-61234", format!("{run} || echo no"), "no\n"),
    ];
    for (variables, before, script, expected) in cases {
        let clean =
            "unset HOME XDG_RUNTIME_DIR XDG_CACHE_HOME XDG_STATE_HOME LAB_CACHE_DIR LAB_STATE_DIR";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-ec"]);
        command.arg(format!(
            "{host}; {before}\n{clean}\nexec env {variables} setpriv --reuid {SOMEBODY} --regid {SOMEBODY} \
             --clear-groups sh -c \"$0\""
        ));
        let ran = harness::ran(command.arg(&script).stdin(Stdio::null()).output().unwrap());
        assert_eq!(ran.stdout, expected, "{variables} {before}: {ran:?}");
    }
}
