//! Chapter 4: names and queues of its own.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use harness::{Lab, Started, eventually, kernel};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, gethostname};

#[test]
fn the_host_name_is_the_containers_id_unless_asked_otherwise() {
    let Some(lab) = Lab::as_root() else { return };
    let before = gethostname().unwrap();
    let name = lab.sh("chapter-04", "hostname").ok();
    assert!(
        name.trim().len() == 12 && name.trim().bytes().all(|b| b.is_ascii_hexdigit()),
        "{name}"
    );
    let script = "hostname; cat /proc/sys/kernel/domainname; echo $HOSTNAME; cat /etc/hostname";
    let names = lab.sh("chapter-04 --hostname web --domainname lab.test", script).ok();
    assert_eq!(names, "web\nlab.test\nweb\nweb\n");
    lab.sh("chapter-04", "hostname changed").ok();
    assert_eq!(gethostname().unwrap(), before);
}

#[test]
fn the_hosts_file_knows_the_name() {
    let Some(lab) = Lab::as_root() else { return };
    let hosts = lab.sh("chapter-04 --hostname web --domainname lab.test", "cat /etc/hosts").ok();
    assert_eq!(
        hosts,
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.1.1\tweb.lab.test web\n"
    );
    // They are shown, not written.
    assert!(!lab.sh("chapter-03", "cat /etc/hosts").ok().contains("web"));
}

/// A file of its /etc, as it sees it.
fn read_as_seen(container: &Started, name: &str) -> String {
    fs::read_to_string(format!("/proc/{}/root/etc/{name}", container.pid)).expect("a text")
}

#[test]
fn the_files_of_its_etc_are_in_its_record_and_go_with_it() {
    let Some(lab) = Lab::as_root() else { return };
    for chapter in
        ["chapter-04", "chapter-05", "chapter-06", "chapter-07", "chapter-08", "chapter-09"]
    {
        let network = if chapter == "chapter-04" { "" } else { "--network none" };
        // Whoever runs in there reads them, and root writes them, as they always could.
        let user = "test -r /etc/hosts && test -r /etc/hostname && cat /etc/hosts";
        let ran = lab.sh(&format!("{chapter} {network} --user 1234:1234 --hostname web"), user);
        assert!(ran.stdout.contains("\tweb\n"), "{chapter}: {ran:?}");
        let script = "echo of the container >> /etc/hosts";
        let container = lab.start(&format!("{chapter} {network}"), script);
        let record = lab.records().join(container.id());
        let hosts = record.join("hosts");
        let text = fs::read_to_string(&hosts).expect("a text");
        assert!(text.ends_with("\nof the container\n"), "{chapter}: {text}");
        assert_eq!(hosts.metadata().unwrap().permissions().mode() & 0o7777, 0o644, "{chapter}");
        // It is one file under two names.
        File::options().append(true).open(&hosts).unwrap().write_all(b"of the host\n").unwrap();
        let seen = read_as_seen(&container, "hosts");
        assert!(seen.ends_with("\nof the container\nof the host\n"), "{chapter}: {seen}");
        assert!(mounts_below(&record).is_empty(), "{chapter}: mounted on the host");
        assert_eq!(container.finish().code, 0);
        assert!(!record.exists(), "{chapter}: {}", record.display());
    }
}

/// What is mounted in a directory, in our own mount table.
fn mounts_below(dir: &Path) -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").expect("a mount table");
    let dir = dir.to_str().expect("a name of ours");
    table.lines().filter(|line| line.contains(dir)).map(str::to_owned).collect()
}

#[test]
fn the_files_of_its_etc_go_with_the_record_of_a_killed_container() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-04", "");
    let id = container.id();
    let (record, pid) = (lab.records().join(&id), Pid::from_raw(container.runtime));
    assert!(record.join("hostname").is_file());
    kill(pid, Signal::SIGKILL).expect("it runs");
    eventually("it ends", || !kernel::is_alive(container.pid));
    drop(container);
    // They are no leftovers of their own, of which it would tell.
    assert_eq!(lab.lab(["clean"]).ok(), format!("removed record of {id}\n"));
    assert!(!record.exists(), "{}", record.display());
}

#[test]
fn a_name_the_kernel_would_refuse_is_an_error() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.sh(&format!("chapter-04 --hostname {}", "x".repeat(65)), "true");
    assert_eq!(ran.code, 125);
    assert!(ran.stderr.contains("hint: it must have 1 to 64 bytes"), "{}", ran.stderr);
}

#[test]
fn message_queues_are_its_own() {
    let Some(lab) = Lab::as_root() else { return };
    let made = Command::new("ipcmk").arg("-Q").output().expect("ipcmk is in util-linux");
    let text = String::from_utf8_lossy(&made.stdout).into_owned();
    let id = text.trim().rsplit(' ').next().expect("Message queue id: 0");
    let count = "grep -c '' /proc/sysvipc/msg"; // a heading, then a line a queue
    let shared = lab.sh("chapter-03", count);
    let own = lab.sh("chapter-04", count);
    let removed = Command::new("ipcrm").args(["-q", id]).status().expect("ipcrm starts");
    assert!(removed.success());
    assert_ne!(shared.stdout, "1\n", "chapter 3 shares the host's queues");
    assert_eq!(own.stdout, "1\n", "chapter 4 has none yet");
}
