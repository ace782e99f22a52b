//! The caller's three streams, opened in the container by their names.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use harness::{Lab, Ran, SOMEBODY, ran, skip};
use nix::pty::openpty;
use nix::sys::stat::{FileStat, fstat};

/// Copies what comes by one name to another, and says something by the third.
const BY_NAME: &str = "cat /dev/stdin > /dev/stdout; echo said > /dev/stderr";

/// `lab run ARGS -- sh -c SCRIPT`, without a view of it.
fn run(lab: &Lab, args: &str, script: &str) -> Command {
    let mut command = lab.program("lab");
    command.arg("run").args(args.split_whitespace()).args(["--view", "none"]);
    command.args(["--", "sh", "-c", script]);
    command
}

/// With a pipe for each of the three.
fn with_pipes(mut command: Command) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("lab starts");
    child.stdin.take().expect("a pipe").write_all(b"given\n").expect("it is read");
    ran(child.wait_with_output().expect("it ends"))
}

#[test]
fn pipes_can_be_opened_by_name_in_every_chapter_by_every_user() {
    let Some(lab) = Lab::as_root() else { return };
    // Chapters 1 and 2 have no /dev.
    for number in [0, 3, 4, 5, 6, 7, 8, 9] {
        let network = if number < 5 { "" } else { "--network none" };
        for user in ["", "-u 1000", "-u 1000:1000", "-u 0"] {
            let args = format!("{number} {network} {user}");
            let ran = with_pipes(run(&lab, &args, BY_NAME));
            assert_eq!(ran.stdout, "given\n", "{args}: {}", ran.stderr);
            assert_eq!((ran.stderr.as_str(), ran.code), ("said\n", 0), "{args}");
        }
    }
    let more = "9 --network none --userns host -u 1000 --cap-drop ALL --init";
    assert_eq!(with_pipes(run(&lab, more, BY_NAME)).stdout, "given\n");
}

#[test]
fn so_can_an_ordinary_users() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::of_somebody();
    let program = lab.program("lab");
    for args in ["0", "3", "7 --network none", "8 --network none", "9 --network none"] {
        // The pipes are theirs, and not ours.
        let script = "echo given | \"$0\" run \"$@\" 2>&1 | cat";
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(program.get_program()).args(args.split(' '));
        shell.args(["--view", "none", "--", "sh", "-c", BY_NAME]).uid(SOMEBODY).gid(SOMEBODY);
        shell.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let ran = ran(shell.output().unwrap());
        assert!(ran.stdout.ends_with("given\nsaid\n"), "{args}: {ran:?}");
    }
}

#[test]
fn the_pipe_stays_the_callers() {
    let Some(lab) = Lab::as_root() else { return };
    for args in ["7 -u 1000", "8", "9", "9 -u 1000"] {
        let (reader, writer) = std::io::pipe().unwrap();
        let before = owner_and_mode(&reader);
        let mut command = run(&lab, &format!("{args} --network none"), "true");
        command.stdin(reader.try_clone().unwrap()).stdout(writer);
        assert!(command.status().unwrap().success(), "{args}");
        let (uid, gid, _) = owner_and_mode(&reader);
        assert_eq!((uid, gid), (before.0, before.1), "{args}");
    }
}

/// Whose it is, and who may open it.
fn owner_and_mode(file: impl AsFd) -> (u32, u32, u32) {
    let FileStat { st_uid, st_gid, st_mode, .. } = fstat(file).expect("it is open");
    (st_uid, st_gid, st_mode)
}

#[test]
fn what_has_a_name_on_the_host_stays_as_it_is() {
    let Some(lab) = Lab::as_root() else { return };
    let (file, fifo) = (lab.state_dir().join("file"), lab.state_dir().join("fifo"));
    fs::write(&file, "a line\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    let open = |path| OpenOptions::new().read(true).write(true).open(path).unwrap();
    let terminal = openpty(None, None).unwrap();
    let (socket, _other) = UnixStream::pair().unwrap();
    let streams: [OwnedFd; 5] = [
        open(&file).into(),
        open(&fifo).into(),
        terminal.slave,
        socket.into(),
        File::open("/dev/null").unwrap().into(),
    ];
    for stream in streams {
        let before = owner_and_mode(&stream);
        for args in ["7 -u 1000", "8", "9 -u 1000", "9"] {
            let mut command = run(&lab, &format!("{args} --network none"), "true");
            let [stdin, stdout, stderr] = [(); 3].map(|()| stream.try_clone().unwrap());
            let status = command.stdin(stdin).stdout(stdout).stderr(stderr).status().unwrap();
            assert!(status.success(), "{args}");
            assert_eq!(owner_and_mode(&stream), before, "{args}");
        }
    }
}

#[test]
fn a_file_that_the_containers_user_cannot_open_is_told_of_when_it_fails() {
    let Some(lab) = Lab::as_root() else { return };
    let path = lab.state_dir().join("output");
    let told = "note: /dev/stdout: a file of yours, which the container's user cannot open\n";
    let denied = "echo said > /dev/stdout";
    for (args, script, is_told) in [
        ("8", denied, true),
        ("9", denied, true),
        ("7 -u 1000", denied, true),
        ("7", denied, false),
        ("9 --userns host", denied, false),
        ("9", "echo said", false),
    ] {
        let mut command = run(&lab, &format!("{args} --network none"), script);
        command.stdout(File::create(&path).unwrap());
        let ran = ran(command.output().unwrap());
        assert_eq!(ran.stderr.contains(told), is_told, "{args}: {ran:?}");
        assert_eq!(ran.code != 0, is_told, "{args}: {ran:?}");
    }
}
