//! The default root file system: whole, startable, rebuilt and restored.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{Lab, Ran, SOMEBODY, assert_snapshot, scratch, skip};
use serde_json::Value;
use tempfile::TempDir;

/// A cache of its own, for roots of one origin.
struct Cache {
    lab: Lab,
    dir: TempDir,
    origin: &'static str,
}

impl Cache {
    fn of(origin: &'static str) -> Self {
        Self { lab: Lab::new(), dir: scratch::named("lab-cache-"), origin }
    }

    fn program(&self) -> Command {
        let mut program = self.lab.program("lab");
        program.env("LAB_CACHE_DIR", self.dir.path()).env("LAB_ROOTFS_FROM", self.origin);
        program
    }

    fn lab(&self, args: &[&str]) -> Ran {
        harness::ran(self.program().args(args).output().expect("lab starts"))
    }

    fn image(&self) -> PathBuf {
        self.lab(&["rootfs", "path", "--image"]).ok().trim_end().into()
    }

    fn working(&self) -> PathBuf {
        self.lab(&["rootfs", "path"]).ok().trim_end().into()
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.lab(&["rootfs", "--json"]).ok()).expect("JSON")
    }
}

/// Both kinds of root that this host can make.
fn origins() -> Vec<&'static str> {
    let is_there = |path: &&str| Path::new(path).exists();
    if !["/usr/bin/busybox", "/bin/busybox"].iter().any(is_there) {
        skip::skip("needs busybox-static for a root of that kind");
        return vec!["host"];
    }
    vec!["host", "busybox"]
}

#[test]
fn every_program_of_a_root_starts() {
    if !skip::is_root() {
        return;
    }
    for origin in origins() {
        let cache = Cache::of(origin);
        let report = cache.report();
        let programs = report["image"]["programs"].as_array().expect("a list");
        let names: Vec<_> = programs.iter().filter_map(Value::as_str).collect();
        assert!(["sh", "ls", "cat", "mount"].iter().all(|name| names.contains(name)), "{names:?}");
        // With this variable the dynamic linker lists what it loads instead of starting
        // the program, and fails if anything is missing. A static one would start; so
        // it is only asked whether it is there.
        let script = "for name; do path=$(command -v -- \"$name\") || echo \"$name is not there\"
            case $path in /*) LD_TRACE_LOADED_OBJECTS=1 \"$path\" </dev/null 2>&1 \
            | grep -q 'not found' && echo \"$name misses a library\"; esac; done; true";
        let script = match origin {
            "busybox" => {
                "for name; do busybox which \"$name\" >/dev/null || type \"$name\" >/dev/null || echo \"$name\"; done"
            }
            _ => script,
        };
        let mut args =
            vec!["run", "chapter-07", "--network", "none", "--", "sh", "-c", script, "sh"];
        args.extend(names);
        assert_eq!(cache.lab(&args).ok(), "", "{origin}");
    }
}

#[test]
fn a_root_of_either_kind_carries_all_chapters() {
    if !skip::is_root() {
        return;
    }
    for origin in origins() {
        let cache = Cache::of(origin);
        for chapter in 1..=7 {
            let ran = cache.lab(&[
                "run",
                &chapter.to_string(),
                "--",
                "sh",
                "-c",
                "ls / | grep -c etc; exit 3",
            ]);
            assert_eq!(
                (ran.stdout.as_str(), ran.code),
                ("1\n", 3),
                "{origin}, chapter {chapter}: {}",
                ran.stderr
            );
        }
        let image = &cache.report()["image"];
        assert_eq!((&image["origin"], &image["damage"]), (&origin.into(), &Value::Null));
    }
    let cache = Cache::of("elsewhere");
    let refused = cache.lab(&["rootfs"]);
    assert_eq!(refused.code, 125);
    assert_snapshot!("rootfs_unknown_origin", refused.stderr);
}

#[test]
fn two_labs_may_build_it_at_once() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    let start = |chapter: &str| {
        let mut program = cache.program();
        program.args(["run", chapter, "--network", "none", "--", "sh", "-c", "echo up"]);
        program.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("lab starts")
    };
    // Image and working root, each wanted by two that find nothing.
    let children = ["7", "7", "6", "6"].map(start);
    for child in children {
        let ran = harness::ran(child.wait_with_output().expect("it ends"));
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("up\n", ""));
    }
    let names: BTreeSet<_> = fs::read_dir(cache.dir.path().join("rootfs"))
        .expect("the cache")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .map(|name| if name.len() == 16 { "<image>".to_owned() } else { name })
        .collect();
    let expected = ["<image>", "host.index", "lock", "working-host"];
    assert_eq!(names, expected.map(str::to_owned).into());
}

#[test]
fn it_is_built_again_when_a_program_of_the_host_changes() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    let before = cache.image();
    assert_eq!(cache.image(), before, "nothing has changed");
    // The change is a mount that only this one command sees.
    let changed = cache.dir.path().join("env");
    fs::write(&changed, "#!/bin/sh\necho changed\n").expect("a file");
    let mut permissions = fs::metadata(&changed).expect("a file").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&changed, permissions).expect("a file of ours");
    let run = cache.program();
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "--propagation", "private", "sh", "-c"]);
    outer.arg("mount --bind \"$1\" /usr/bin/env; shift; exec \"$@\"").arg("sh").arg(&changed);
    outer.arg(run.get_program()).args(["run", "7", "--network", "none", "--", "env"]);
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let ran = harness::ran(outer.output().expect("unshare starts"));
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("changed\n", ""));
    // Back outside, the program is the old one again, and so is the image.
    assert_eq!(cache.image(), before);
    let cleaned = cache.lab(&["clean"]).ok();
    assert_eq!(
        cleaned.lines().filter(|line| line.starts_with("removed /")).count(),
        1,
        "{cleaned}"
    );
    assert!(before.exists(), "the newest stays");
}

#[test]
fn a_damaged_working_root_is_said_and_reset_restores_it() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    let run = |script: &str| cache.lab(&["run", "chapter-01", "--", "sh", "-c", script]);
    assert_eq!(run("echo mine > /root/mine; echo > /etc/profile").stderr, "");
    assert_eq!(run("cat /root/mine").stderr, "", "what is added or edited is no damage");
    let working = cache.working();
    let env = working.join("usr/bin/env");
    fs::remove_file(&env).expect("a program");
    let ran = run("cat /root/mine");
    assert_eq!((ran.stdout.as_str(), ran.code), ("mine\n", 0), "it runs nevertheless");
    assert_snapshot!("rootfs_damaged", ran.stderr);
    assert!(cache.lab(&["rootfs"]).ok().contains("damaged: 1 missing (usr/bin/env)"));

    let done = cache.lab(&["rootfs", "reset"]).ok();
    assert_eq!(done, format!("restored the working root {}\n", working.display()));
    assert!(env.exists() && !working.join("root/mine").exists());
    assert_eq!(run("true").stderr, "");
}

#[test]
fn a_shell_that_is_gone_is_named_before_its_error() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    fs::remove_file(cache.working().join("usr/bin/sh"))
        .or_else(|_| fs::remove_file(cache.working().join("bin/sh")))
        .expect("a shell");
    let ran = cache.lab(&["run", "chapter-03", "--", "sh"]);
    assert_eq!(ran.code, 127);
    let (first, _) = ran.stderr.split_once("error:").expect("an error");
    assert!(first.contains("the working root is damaged: 1 missing"), "{}", ran.stderr);
    assert!(first.contains("lab rootfs reset"), "{}", ran.stderr);
}

#[test]
fn reset_deletes_nothing_while_something_is_mounted_in_it() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    let working = cache.working();
    let precious = cache.dir.path().join("precious");
    fs::create_dir(&precious).expect("a directory");
    fs::write(precious.join("file"), "kept").expect("a file");
    let run = cache.program();
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "--propagation", "private", "sh", "-c"]);
    outer.arg("mount --bind \"$1\" \"$2\"/mnt; shift 2; exec \"$@\"").arg("sh");
    outer.arg(&precious).arg(&working).arg(run.get_program()).args(["rootfs", "reset"]);
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let ran = harness::ran(outer.output().expect("unshare starts"));
    assert_eq!(ran.code, 125);
    let filters: &[(&str, &str)] = &[(r"/\S*/lab-cache-\w+", "<cache>")];
    assert_snapshot!("rootfs_reset_refused", ran.stderr, filters => filters);
    assert_eq!(fs::read_to_string(precious.join("file")).expect("still there"), "kept");
    assert!(working.join("etc/passwd").exists(), "nothing else is gone either");
}

#[test]
fn reset_restores_a_root_whatever_was_written_into_it() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    let working = cache.working();
    // A path longer than the kernel takes, and more levels than descriptors.
    let dig = "cd /tmp; i=0; while [ $i -lt 200 ]; do mkdir a-directory-with-a-longer-name
        cd -P a-directory-with-a-longer-name; i=$((i+1)); done; echo > file; chmod 0 .";
    assert_eq!(cache.lab(&["run", "chapter-03", "--", "sh", "-c", dig]).code, 0);
    let run = cache.program();
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" rootfs reset"]).arg(run.get_program());
    shell.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    let restored = format!("restored the working root {}\n", working.display());
    assert_eq!(harness::ran(shell.output().expect("sh starts")).ok(), restored);
    assert_eq!(fs::read_dir(working.join("tmp")).unwrap().count(), 0);
    // A root that cannot be removed is out of the way, also the second time.
    let chattr = |how: &str, file: &Path| {
        Command::new("chattr").arg(how).arg(file).output().is_ok_and(|ran| ran.status.success())
    };
    let rootfs = working.ancestors().nth(2).expect("…/rootfs/working/root");
    let stays = [0, 1].map(|number| rootfs.join(format!("retired.{number}/root/tmp/stays")));
    let mut said = Vec::new();
    for _ in &stays {
        let file = working.join("tmp/stays");
        fs::write(&file, "").expect("a file");
        if !chattr("+i", &file) {
            return skip::skip("needs chattr, and a file system of the cache that knows it");
        }
        said.push(cache.lab(&["rootfs", "reset"]));
    }
    assert!(stays.iter().all(|file| chattr("-i", file)), "{said:?}");
    for said in said {
        let said = said.ok();
        assert!(said.starts_with(&restored) && said.contains("\nkept "), "{said}");
    }
    assert!(!working.join("tmp/stays").exists());
    assert_eq!(cache.lab(&["clean"]).ok().matches("removed ").count(), 2);
}

#[test]
fn reset_refuses_while_a_container_lives_in_it() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    let mut child = cache
        .program()
        .args(["run", "chapter-03", "--", "sh", "-c", "echo ready; read line; true"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("lab starts");
    harness::kernel::read_until(child.stdout.as_mut().expect("a pipe"), "ready\n")
        .expect("it runs");
    let refused = cache.lab(&["rootfs", "reset"]);
    assert_eq!(refused.code, 125);
    assert!(refused.stderr.contains("hint: end that container first"), "{}", refused.stderr);
    assert!(cache.dir.path().join("rootfs/working-host/root/etc/passwd").exists());
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
    cache.lab(&["rootfs", "reset"]).ok();
}

#[test]
fn the_image_is_never_written_to() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    let image = cache.image();
    let list = || {
        let found =
            Command::new("find").arg(&image).args(["-printf", "%P %m %s %T@ %U\n"]).output();
        String::from_utf8_lossy(&found.expect("find starts").stdout).into_owned()
    };
    let before = list();
    for _ in 0..3 {
        cache
            .lab(&[
                "run",
                "7",
                "--network",
                "none",
                "--",
                "sh",
                "-c",
                "rm -rf /etc /usr/bin/env; echo > /new",
            ])
            .ok();
    }
    assert_eq!(list(), before);
}

#[test]
fn an_image_that_has_lost_its_root_is_built_again_in_its_place() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    let image = cache.image();
    fs::remove_dir_all(&image).expect("a root");
    assert_eq!(cache.image(), image);
    assert!(image.join("etc/passwd").exists());
    // And a working root that is only a link to where nothing is.
    let working = cache.dir.path().join("rootfs/working-host");
    symlink("/nowhere", &working).expect("a link");
    assert_eq!(cache.lab(&["run", "3", "--", "sh", "-c", "echo it runs"]).ok(), "it runs\n");
    assert!(working.join("root/etc/passwd").exists());
}

#[test]
fn whatever_the_umask_nobody_else_can_reach_what_is_made() {
    if !skip::is_root() {
        return;
    }
    let cache = Cache::of("host");
    // Everybody may enter the place of both.
    let public = cache.dir.path();
    fs::set_permissions(public, Permissions::from_mode(0o777)).expect("a directory of ours");
    let dirs = ["state", "rootfs"].map(|name| public.join(name));
    for umask in ["000", "022", "077"] {
        let lab = cache.program();
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]).arg(lab.get_program());
        shell.envs(lab.get_envs().filter_map(|(key, value)| Some((key, value?))));
        // What the host must not get: a program of root's that everybody could start.
        let script = "chmod 4755 /usr/bin/env; echo ready; read line; true";
        shell.args(["run", "6", "--network", "none", "--", "sh", "-c", script]);
        shell.env("LAB_STATE_DIR", &dirs[0]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = shell.spawn().expect("sh starts");
        harness::kernel::read_until(child.stdout.as_mut().expect("a pipe"), "ready\n")
            .expect("it runs");
        let mut find = Command::new("find");
        find.args(&dirs).args(["-mindepth", "1"]).uid(SOMEBODY).gid(SOMEBODY);
        let found = harness::ran(find.output().expect("find starts"));
        assert_eq!(found.stdout, "", "umask {umask}");
        for dir in [&dirs[0], &dirs[1], &dirs[1].join("working-host")] {
            let mode = fs::metadata(dir).expect("it is there").permissions().mode();
            assert_eq!(mode & 0o7777, 0o700, "umask {umask}: {}", dir.display());
        }
        drop(child.stdin.take());
        assert!(child.wait().expect("it ends").success());
        // In there, the root is open to everybody all the same.
        let args = ["run", "6", "--network", "none", "-u", "1000", "--", "ls", "/etc"];
        assert!(cache.lab(&args).ok().contains("passwd"), "umask {umask}");
        dirs.iter().for_each(|dir| fs::remove_dir_all(dir).expect("ours"));
    }
}
