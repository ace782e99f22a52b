//! Chapter 1: another root, and how little that is.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Lab, Ran};

/// A copy of the default root, for a test to change.
fn root_of_our_own(lab: &Lab) -> PathBuf {
    let root = lab.state_dir().join("root");
    let copied = Command::new("cp").arg("-a").arg(lab.image()).arg(&root).status();
    assert!(copied.expect("cp starts").success());
    root
}

fn run_in(lab: &Lab, root: &Path, args: &[&str]) -> Ran {
    let rootfs = ["run", "chapter-01", "--view", "none", "--rootfs", root.to_str().unwrap()];
    lab.lab(rootfs.iter().chain(args))
}

#[test]
fn the_root_is_another_one() {
    let Some(lab) = Lab::as_root() else { return };
    assert_eq!(
        lab.sh("chapter-01", "pwd; grep -c '^NAME=.*Container Lab' /etc/os-release").ok(),
        "/\n1\n"
    );
    // Nothing is above it, for whoever asks politely.
    assert_eq!(
        lab.sh("chapter-01", "cd ../../..; grep -c '^NAME=.*Container Lab' etc/os-release").ok(),
        "1\n"
    );
}

#[test]
fn what_it_writes_stays_for_the_next_container() {
    let Some(lab) = Lab::as_root() else { return };
    let file = format!("/tmp/{}", lab.state_dir().file_name().unwrap().to_string_lossy());
    lab.sh("chapter-01", &format!("echo here > {file}")).ok();
    assert_eq!(
        lab.sh("chapter-06 --network none", &format!("cat {file}; rm {file}")).ok(),
        "here\n"
    );
}

#[test]
fn it_still_sees_the_hosts_processes_and_can_be_left() {
    let Some(lab) = Lab::as_root() else { return };
    let secret = lab.state_dir().join("secret");
    fs::write(&secret, "of the host\n").expect("a file");
    // The mount lands in the table of the caller, which is a private copy here.
    let (us, secret) = (std::process::id(), secret.display());
    let script = format!("mount -t proc proc /proc && cat /proc/{us}/root{secret}; umount /proc");
    let run = lab.program("lab");
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "--propagation", "private"]).arg(run.get_program());
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let output = outer
        .args(["run", "chapter-01", "--", "sh", "-c", &script])
        .output()
        .expect("unshare starts");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "of the host\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_missing_root_is_an_error_that_says_what_to_do() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.lab(["run", "chapter-01", "--rootfs", "/no/such/dir", "true"]);
    assert_eq!(ran.code, 125);
    assert_eq!(
        ran.stderr,
        "error: use /no/such/dir as root file system: no such file or directory\n"
    );
    let output = lab.program("chapter-01-chroot").arg("true").output().expect("it starts");
    assert_eq!(output.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&output.stderr).contains("hint: name one with --rootfs DIR"));
}

#[test]
fn users_and_groups_are_those_that_docker_takes() {
    let Some(lab) = Lab::as_root() else { return };
    let root = root_of_our_own(&lab);
    let passwd: &[u8] =
        b"# \xe9\nroot:x:0:0:root:/root:/bin/sh\n\n  app:x:1000:1001:Caf\xe9:/app:\n\
        7:x:0:0::/:\n4294967296:x:0:0::/:\nnobody:x:4294967295:0::/:\nhalf:x:1003\n";
    let group: &[u8] =
        b"\xe9:x:5:\nroot:x:0:app\napp:x:1001:app\naudio:x:29:x,app\nwide:x:4294967295:\n\
        video:x:44:apple,app\n";
    fs::write(root.join("etc/passwd"), passwd).unwrap();
    fs::write(root.join("etc/group"), group).unwrap();
    let ids = "echo $(id -u) $(id -g) $(id -G) $HOME";
    // What Docker 28 answers, but for the last four: there, ids end at 2147483647.
    for (user, expected) in [
        ("app", "1000 1001 1001 0 29 44 /app"),
        ("1000", "1000 1001 1001 0 29 44 /app"),
        ("001000", "1000 1001 1001 0 29 44 /app"),
        ("+1000", "1000 1001 1001 0 29 44 /app"),
        ("1000:", "1000 1001 1001 0 29 44 /app"),
        ("app:app", "1000 1001 1001 /app"),
        ("app:audio", "1000 29 29 /app"),
        ("1000:29", "1000 29 29 /app"),
        (":29", "0 29 29 /root"),
        ("7", "7 0 0 /"),
        ("1234:5678", "1234 5678 5678 /"),
        ("2147483648:4294967294", "2147483648 4294967294 4294967294 /"),
    ] {
        let ran = run_in(&lab, &root, &["-u", user, "--", "sh", "-c", ids]);
        assert_eq!(ran.ok(), format!("{expected}\n"), "{user}");
    }
    let huge = "18446744073709551616";
    for user in ["4294967295", "4294967296", huge, "-1", "0:4294967295", "0:-5", "nobody", "half"] {
        let ran = run_in(&lab, &root, &["-u", user, "--", "id"]);
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{user}: {ran:?}");
    }
    for user in ["no one", " 7", "0x7", "app:wide", "app:29:44"] {
        let ran = run_in(&lab, &root, &["-u", user, "--", "id"]);
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{user}: {ran:?}");
        assert!(ran.stderr.contains("unable to find"), "{user}: {}", ran.stderr);
    }
}

#[test]
fn an_image_without_users_in_plain_files_is_refused_at_once() {
    let Some(lab) = Lab::as_root() else { return };
    let root = root_of_our_own(&lab);
    let etc = root.join("etc");
    let says = |file: &str, word: &str| {
        let ran = run_in(&lab, &root, &["-u", "daemon", "--", "true"]);
        let said = format!("error: read the container's /etc/{file}: {word}");
        assert!(ran.code == 125 && ran.stderr.starts_with(&said), "{ran:?}");
    };
    let passwd = etc.join("passwd");
    fs::remove_file(&passwd).unwrap();
    let fifo = Command::new("mkfifo").arg(&passwd).status();
    assert!(fifo.expect("mkfifo starts").success());
    says("passwd", "it is not a regular file");
    fs::remove_file(&passwd).unwrap();
    fs::create_dir(&passwd).unwrap();
    says("passwd", "it is not a regular file");
    fs::remove_dir(&passwd).unwrap();
    let endless = fs::File::create(&passwd).unwrap();
    endless.set_len(1 << 40).unwrap();
    says("passwd", "it is larger than 1 MiB");
    fs::remove_file(&passwd).unwrap();
    // A link stays inside: what it names is not the host's.
    let secret = lab.state_dir().join("secret");
    fs::write(&secret, "daemon:x:77:77::/:\n").unwrap();
    symlink(format!("../../../..{}", secret.display()), &passwd).unwrap();
    let ran = run_in(&lab, &root, &["-u", "daemon", "--", "true"]);
    assert!(ran.stderr.contains("unable to find user daemon"), "{ran:?}");
    fs::remove_file(&passwd).unwrap();
    symlink("/tmp/passwd", &passwd).unwrap();
    fs::write(root.join("tmp/passwd"), "daemon:x:77:77::/:\n").unwrap();
    fs::remove_file(etc.join("group")).unwrap();
    symlink("/dev/zero", etc.join("group")).unwrap();
    let device = Command::new("mknod").arg(root.join("dev/zero")).args(["c", "1", "5"]).status();
    assert!(device.expect("mknod starts").success());
    says("group", "it is not a regular file");
    fs::remove_file(etc.join("group")).unwrap();
    let ran = run_in(&lab, &root, &["-u", "daemon", "--", "id", "-u"]);
    assert_eq!(ran.ok(), "77\n");
}

#[test]
fn what_a_program_needs_and_the_root_lacks_is_told_by_its_name() {
    let Some(lab) = Lab::as_root() else { return };
    let root = root_of_our_own(&lab);
    let bin = root.join("usr/local/bin");
    fs::create_dir_all(&bin).unwrap();
    let install = |name: &str, bytes: &[u8], mode: u32| {
        fs::write(bin.join(name), bytes).unwrap();
        fs::set_permissions(bin.join(name), Permissions::from_mode(mode)).unwrap();
    };
    install("script", b"#! /usr/bin/nope -x\necho\n", 0o755);
    install("windows", b"#!/bin/sh\r\necho\r\n", 0o755);
    install("latin", b"#!/opt/caf\xe9\n", 0o755);
    install("second", b"#!/usr/local/bin/script\n", 0o755);
    install("plain", b"echo plain\n", 0o755);
    install("closed", b"#!/bin/sh\n", 0o644);
    install("to-closed", b"#!/usr/local/bin/closed\n", 0o755);
    install("to-directory", b"#!/etc\n", 0o755);
    // A program of this machine, with another loader.
    let program = fs::read(harness::programs().join("lab")).unwrap();
    let at = program.windows(8).position(|bytes| bytes == b"ld-linux" || bytes == b"ld-musl-");
    if let Some(at) = at {
        let mut program = program.clone();
        program[at..at + 8].copy_from_slice(b"no-such-");
        install("dynamic", &program, 0o755);
        program[18] = 0xf7; // e_machine
        install("foreign", &program, 0o755);
    }
    let says = |command: &str, code: i32, hint: &str| {
        for command in [command.to_owned(), format!("/usr/local/bin/{command}")] {
            let ran = run_in(&lab, &root, &["--", &command]);
            let first = format!("error: exec {command}: ");
            let told = ran.stderr.starts_with(&first) && ran.stderr.contains(hint);
            assert!(ran.code == code && told, "{command}: {ran:?}");
        }
    };
    let needs = |command: &str, what: &str| {
        format!("hint: /usr/local/bin/{command} is there, but it needs {what}, which is not")
    };
    says("script", 127, &needs("script", "/usr/bin/nope"));
    says("second", 127, &needs("script", "/usr/bin/nope"));
    says("windows", 127, &needs("windows", r"/bin/sh\r"));
    says("windows", 127, "lines end as on Windows");
    says("latin", 127, &needs("latin", r"/opt/caf\xe9"));
    says("plain", 126, "it is neither an ELF program nor a script");
    says("closed", 126, "/usr/local/bin/closed has no execute permission");
    says("to-closed", 126, "/usr/local/bin/closed has no execute permission");
    says("to-directory", 126, "/etc is a directory");
    if at.is_some() {
        says("dynamic", 127, "no-such-");
        says("foreign", 126, "of another machine");
    }
    let ran = run_in(&lab, &root, &["--", "no-such-command"]);
    assert!(ran.code == 127 && ran.stderr.contains("PATH, not in the host's"), "{ran:?}");
    // A volume of the host on which nothing may be executed.
    let script = "mount -t tmpfs -o noexec noexec \"$1/usr/local/bin\" && cp \"$1/bin/sh\" \"$1/usr/local/bin/shell\" \
         && exec \"$2\" run chapter-01 --view none --rootfs \"$1\" -- shell";
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"]).arg(&root);
    outer.arg(harness::programs().join("lab"));
    outer.envs(lab.program("lab").get_envs().filter_map(|(key, value)| Some((key, value?))));
    let ran = harness::ran(outer.output().expect("unshare starts"));
    assert!(ran.code == 126 && ran.stderr.contains("is mounted noexec"), "{ran:?}");
}
