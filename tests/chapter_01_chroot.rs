//! Chapter 1: another root, and how little that is.

use std::fs;
use std::process::Command;

use harness::Lab;

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
