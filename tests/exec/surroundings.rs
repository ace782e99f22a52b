//! What a command that comes in finds: environment, working directory, user, descriptors.

use std::fs;
use std::process::Command;

use harness::{Lab, assert_snapshot, ran};

use super::sh;

#[test]
fn the_environment_is_the_containers_and_then_what_is_asked_for() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("04 --name web -e A=run -e B=run -e HOME=/run", "");
    let file = lab.state_dir().join("variables");
    fs::write(&file, "B=file\nC=file\n").expect("a file");
    let print = r#"echo "$A $B $C $HOME $HOSTNAME $PATH ${LAB_STATE_DIR-none}""#;
    let args = format!("--env-file {} -e C=exec web", file.display());
    let said = sh(&lab, &args, print).ok();
    let name = lab.ids()[0].clone();
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    assert_eq!(said, format!("run file exec /run {name} {path} none\n"));
    container.finish();
}

#[test]
fn it_starts_where_the_container_did_or_where_it_is_told_to() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("07 --network none --name web -w /tmp", "mkdir /tmp/here");
    assert_eq!(sh(&lab, "web", "pwd").ok(), "/tmp\n");
    assert_eq!(sh(&lab, "-w /tmp/here web", "pwd").ok(), "/tmp/here\n");
    let missing = sh(&lab, "-w /nowhere web", "pwd");
    assert_eq!(missing.code, 125);
    assert_snapshot!("exec_workdir", missing.stderr);
    // CVE-2024-21626: whatever the number, none of ours leads out of the root.
    for number in 0..32 {
        let ran = sh(&lab, &format!("-w /proc/self/fd/{number} web"), "pwd; cat /etc/hostname");
        assert_eq!(ran.code, 125, "{number}: {ran:?}");
    }
    container.finish();
    let container = lab.start("02 --name web", "");
    assert_eq!(sh(&lab, "web", "pwd; ls -d /proc/1 2>&1").stdout.lines().next(), Some("/"));
    container.finish();
}

#[test]
fn a_user_is_who_is_meant_and_never_root_by_mistake() {
    let Some(lab) = Lab::as_root() else { return };
    let accounts = "echo app:x:1234:1235::/home/app:/bin/sh >> /etc/passwd
        echo app:x:1235: >> /etc/group; echo extra:x:77:app >> /etc/group";
    let container = lab.start("09 --network none --name web", accounts);
    let id = "echo $(id -u):$(id -g):$(id -G | tr ' ' ,):$HOME";
    for (user, expected) in [
        ("1", "1:"),
        ("+1", "1:"),
        ("007", "7:"),
        ("1:2", "1:2:2:"),
        ("0", "0:0:"),
        ("-0", "0:0:"),
        ("root", "0:0:"),
        ("0:7", "0:7:7:/root"),
        ("app", "1234:1235:1235,77:/home/app"),
        ("1234", "1234:1235:1235,77:/home/app"),
        ("app:0", "1234:0:0:/home/app"),
        ("4294", "4294:0:0:/"),
    ] {
        let said = sh(&lab, &format!("--user={user} web"), id).ok();
        assert!(said.starts_with(expected), "{user}: {said}");
    }
    for user in ["-1", "4294967295", "4294967296", "nobody-like-this", "root:nogroup-like-this"] {
        let ran = sh(&lab, &format!("--user={user} web"), id);
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{user}: {ran:?}");
    }
    // An id that the container's users do not have is nobody's.
    let beyond = sh(&lab, "-u 70000 web", id);
    assert_eq!(beyond.code, 125, "{beyond:?}");
    assert!(beyond.stderr.contains("become user 70000: invalid argument"), "{beyond:?}");
    container.finish();
}

#[test]
fn its_limits_are_the_containers_whatever_its_clients_are() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("07 --network none --name web", "ulimit -S -n 77");
    let program = lab.program("lab");
    for limits in ["-S -n 64", "-S -n 70 -S -c 0", "-S -v 9000000"] {
        let mut client = Command::new("sh");
        client.args(["-c", &format!("ulimit {limits}; exec \"$@\""), "sh"]);
        client.arg(program.get_program()).args(["exec", "web", "sh", "-c", "ulimit -n; ulimit -v"]);
        client.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let said = ran(client.output().expect("sh starts"));
        assert_eq!(said.ok(), "77\nunlimited\n", "{limits}");
    }
    container.finish();
}

#[test]
fn it_has_three_descriptors_and_nobody_above_it() {
    let Some(lab) = Lab::as_root() else { return };
    for options in ["02", "07 --network none", "09 --network none"] {
        let container = lab.start(&format!("{options} --name web"), "");
        assert_eq!(sh(&lab, "web", "echo $PPID").ok(), "0\n", "{options}");
        if !options.starts_with("02") {
            // The fourth is the directory that `ls` reads.
            let listed = lab.lab(["exec", "web", "ls", "/proc/self/fd"]).ok();
            assert_eq!(listed, "0\n1\n2\n3\n", "{options}");
        }
        container.finish();
    }
}
