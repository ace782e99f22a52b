//! Chapter 4: names and queues of its own.

use std::process::Command;

use harness::Lab;
use nix::unistd::gethostname;

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
