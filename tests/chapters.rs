//! What holds for all chapters, and in what exactly they differ.

use std::fs;

use harness::{Lab, kernel};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[test]
fn each_chapter_isolates_exactly_its_namespaces() {
    let Some(lab) = Lab::as_root() else { return };
    let expected: [(&str, &[&str]); 11] = [
        ("chapter-00", &[]),
        ("chapter-01", &[]),
        ("chapter-02", &["pid"]),
        ("chapter-03", &["mnt", "pid"]),
        ("chapter-04", &["ipc", "mnt", "pid", "uts"]),
        ("chapter-05", &["ipc", "mnt", "net", "pid", "uts"]),
        ("chapter-06", &["cgroup", "ipc", "mnt", "net", "pid", "uts"]),
        ("chapter-07", &["cgroup", "ipc", "mnt", "net", "pid", "uts"]),
        ("chapter-08", &["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]),
        ("chapter-09", &["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]),
        ("chapter-10", &["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"]),
    ];
    for (chapter, namespaces) in expected {
        let container = lab.start(chapter, "");
        assert_eq!(kernel::own_namespaces(container.pid), namespaces, "{chapter}");
        assert_eq!(container.finish().code, 0);
    }
}

#[test]
fn the_first_process_is_number_one_from_chapter_2_on() {
    let Some(lab) = Lab::as_root() else { return };
    for number in 0..=10 {
        let chapter = format!("chapter-{number:02}");
        let is_one = lab.sh(&chapter, "echo $$").ok() == "1\n";
        assert_eq!(is_one, number >= 2, "{chapter}");
    }
}

#[test]
fn all_names_of_a_chapter_mean_it() {
    let Some(lab) = Lab::as_root() else { return };
    for name in ["chapter-01", "01", "1", "chroot", "chapter-01-chroot", "01-chroot"] {
        assert_eq!(lab.sh(name, "exit 7").code, 7, "{name}");
    }
}

#[test]
fn a_chapter_is_a_program_of_its_own() {
    let Some(lab) = Lab::as_root() else { return };
    let image = lab.image();
    for package in [
        "chapter-01-chroot",
        "chapter-02-pid-ns",
        "chapter-03-mount-ns",
        "chapter-04-uts-ipc",
        "chapter-05-net-ns",
        "chapter-06-cgroups",
        "chapter-07-overlay",
        "chapter-08-user-ns",
        "chapter-09-security",
        "chapter-10-enter",
    ] {
        let output = lab
            .program(package)
            .arg("--rootfs")
            .arg(&image)
            .args(["--", "sh", "-c", "echo hello; exit 3"])
            .output()
            .expect("it starts");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n", "{package}");
        assert_eq!(output.status.code(), Some(3), "{package}");
    }
}

#[test]
fn the_name_of_a_container_that_was_killed_is_free() {
    let lab = Lab::new();
    let container = lab.start("chapter-00 --name web", "");
    let (killed, link) = (lab.ids().remove(0), lab.state_dir().join("names/web"));
    kill(Pid::from_raw(container.runtime), Signal::SIGKILL).expect("it runs");
    container.wait();
    assert_eq!(fs::read_link(&link).expect("a link").as_os_str(), &*killed);
    // A chapter's own program sweeps nothing.
    let mut run = lab.program("chapter-00-process");
    let ran = harness::ran(run.args(["--name", "web", "--", "echo", "runs"]).output().unwrap());
    assert_eq!(ran.ok(), "runs\n");
    assert!(!link.is_symlink());
    lab.lab(["clean"]).ok();
    assert!(lab.ids().is_empty());
}

#[test]
fn a_name_means_one_running_container() {
    let lab = Lab::new();
    let container = lab.start("chapter-00 --name web", "");
    let link = lab.state_dir().join("names/web");
    assert_eq!(fs::read_link(&link).expect("a link").as_os_str(), &*lab.ids()[0]);
    let second = lab.sh("chapter-00 --name web", "true");
    assert_eq!(second.code, 125);
    assert!(second.stderr.contains("the name web is in use by container "), "{}", second.stderr);
    assert!(link.is_symlink());
    container.finish();
    assert!(!link.is_symlink());
    lab.sh("chapter-00 --name web", "true").ok();
    assert_eq!(lab.sh("chapter-00 --name -web", "true").code, 125);
    assert_eq!(lab.sh("chapter-00 --name a/b", "true").code, 125);
}
