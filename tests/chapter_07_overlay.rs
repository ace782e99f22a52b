//! Chapter 7: a writable layer over a read-only image.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::host::Host;
use harness::{Lab, Ran, Started, assert_snapshot, eventually, kernel, ran, skip};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// Everything about a tree: paths, kinds, modes, owners, sizes, times and contents.
fn fingerprint(dir: &Path) -> String {
    // Without the times of access: reading is no change.
    let script = "cd \"$0\" && find . -printf '%p %y %m %U:%G %s %T@ %C@ %l\\n' | sort && \
                  find . -type f -exec sha256sum {} + | sort";
    let output = Command::new("sh").args(["-c", script]).arg(dir).output().expect("sh starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a script changed, a line each, as `--json` lists it.
fn changes(lab: &Lab, args: &str, script: &str) -> Vec<String> {
    let (ran, report) = lab.report(&format!("chapter-07 --network none {args}"), script);
    assert_eq!(ran.code, 0, "{ran:?}");
    let list = report["outcome"]["changes"].as_array().expect("a list");
    list.iter().map(|line| line.as_str().expect("text").to_owned()).collect()
}

/// A directory of the test with these files; `name` may have any character.
fn layer(lab: &Lab, name: &str, files: &[(&str, &str)]) -> PathBuf {
    let dir = lab.state_dir().join(name);
    fs::create_dir_all(&dir).unwrap();
    for (path, text) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

#[test]
fn the_image_stays_as_it_is_whatever_a_container_does() {
    let Some(lab) = Lab::as_root() else { return };
    let image = lab.image();
    let before = fingerprint(&image);
    let script = "echo x > /etc/passwd; rm -r /etc/os-release /usr; mkdir /usr; chmod 700 /etc
        chown 1:1 /root; touch -d @0 /bin/sh; mv /srv /new; ln /etc/group /etc/link
        mkdir -p /a/b; echo y > /a/b/c; rm -rf /home; echo file > /home";
    let ran = lab.sh("chapter-07 --network none", script);
    assert_eq!(fingerprint(&image), before, "{ran:?}");
    // And each time, the container starts from it again.
    assert_eq!(
        lab.sh("chapter-07 --network none", "cat /a/b/c || grep -c ^root: /etc/passwd").stdout,
        "1\n"
    );
}

#[test]
fn two_containers_never_see_each_others_writes() {
    let Some(lab) = Lab::as_root() else { return };
    let one = lab.start("chapter-07 --network none", "echo one > /etc/motd; echo x > /of-one");
    let other = lab.start("chapter-07 --network none", "ls /of-one; cat /etc/motd; rm -r /srv");
    assert!(!other.said.contains("one"), "{}", other.said);
    let inside = |pid: i32, path: &str| PathBuf::from(format!("/proc/{pid}/root{path}"));
    assert!(inside(one.pid, "/of-one").exists() && inside(one.pid, "/srv").exists());
    assert!(!inside(other.pid, "/of-one").exists() && !inside(other.pid, "/srv").exists());
    one.finish();
    other.finish();
}

#[test]
fn each_kind_of_change_is_listed() {
    let Some(lab) = Lab::as_root() else { return };
    let files = [("tree/kept", "1"), ("tree/gone", "2"), ("tree/below/deep", "3"), ("plain", "4")];
    let base = layer(&lab, "base", &files);
    let layers = format!("--layer {}", base.display());
    let list = |script: &str| changes(&lab, &layers, script);
    assert_eq!(list("true"), [""; 0]);
    assert_eq!(list("cat /plain; ls -lR /tree"), [""; 0], "reading is no change");
    assert_eq!(list("echo > /tree/new; mkdir /empty"), ["A /empty", "C /tree", "A /tree/new"]);
    assert_eq!(list("echo > /plain"), ["C /plain"]);
    assert_eq!(list("chmod 600 /plain"), ["C /plain"], "the mode alone");
    assert_eq!(list("chmod 700 /tree/below"), ["C /tree", "C /tree/below"]);
    assert_eq!(list("rm /tree/gone"), ["C /tree", "D /tree/gone"]);
    assert_eq!(list("rm -r /tree"), ["D /tree"]);
    assert_eq!(list("rm /plain; echo new > /plain"), ["C /plain"]);
    assert_eq!(list("echo > /passing; rm /passing"), [""; 0], "it came and went");
    assert_eq!(list("ln -s /nowhere /link; ln /plain /twin"), ["A /link", "C /plain", "A /twin"]);
}

#[test]
fn directories_that_are_replaced_or_moved_are_listed_as_what_they_hide_and_show() {
    let Some(lab) = Lab::as_root() else { return };
    let files = [("tree/kept", "1"), ("tree/gone", "2"), ("tree/below/deep", "3"), ("plain", "4")];
    let base = layer(&lab, "base", &files);
    let layers = format!("--layer {}", base.display());
    let list = |script: &str| changes(&lab, &layers, script);
    // An opaque directory.
    assert_eq!(
        list("rm -r /tree; mkdir /tree; echo > /tree/kept; echo > /tree/new"),
        ["C /tree", "D /tree/below", "D /tree/gone", "C /tree/kept", "A /tree/new"]
    );
    // One kind in the place of another.
    assert_eq!(list("rm -r /tree; echo > /tree"), ["C /tree"]);
    assert_eq!(list("rm /plain; mkdir /plain; echo > /plain/in"), ["C /plain", "A /plain/in"]);
    assert_eq!(
        list("mv /tree /moved"),
        [
            "A /moved",
            "A /moved/below",
            "A /moved/below/deep",
            "A /moved/gone",
            "A /moved/kept",
            "D /tree"
        ]
    );
}

#[test]
fn what_the_runtime_mounts_is_not_the_containers_change() {
    let Some(lab) = Lab::as_root() else { return };
    let data = layer(&lab, "data", &[("file", "of the host")]);
    let args = format!("-v {0}:/new/place -v {0}/file:/new/one --tmpfs /other/new", data.display());
    assert_eq!(changes(&lab, &args, "echo x > /other/new/file; hostname"), [""; 0]);
    assert_eq!(changes(&lab, &args, "echo x > /new/file"), ["A /new", "A /new/file"]);
}

#[test]
fn volumes_bypass_the_layer() {
    let Some(lab) = Lab::as_root() else { return };
    let data = layer(&lab, "data", &[("gone", "of the host")]);
    let args = format!("-v {}:/srv", data.display());
    assert_eq!(changes(&lab, &args, "echo new > /srv/new; rm /srv/gone"), [""; 0]);
    assert_eq!(fs::read_to_string(data.join("new")).unwrap(), "new\n");
    assert!(!data.join("gone").exists());
}

#[test]
fn the_layer_is_kept_on_demand() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.sh("chapter-07 --network none --keep", "echo kept > /file; rm -r /srv");
    let path = ran.stderr.strip_prefix("kept: ").expect("its path").trim_end();
    let kept = Path::new(path);
    assert_eq!(kept.parent(), Some(&*lab.state_dir().join("kept")));
    assert_eq!(fs::read_to_string(kept.join("file")).unwrap(), "kept\n");
    let whiteout = kept.join("srv").symlink_metadata().unwrap();
    assert_eq!((whiteout.mode() & libc::S_IFMT, whiteout.rdev()), (libc::S_IFCHR, 0));
    assert_eq!(
        lab.state_dir().join("kept").metadata().unwrap().permissions().mode() & 0o777,
        0o700
    );
    // It is a layer like another, and nobody's leftover.
    assert_eq!(lab.lab(["clean"]).ok(), "nothing to clean\n");
    let args = format!("chapter-07 --network none --layer {path}");
    assert_eq!(lab.sh(&args, "cat /file; test -e /srv || echo gone").ok(), "kept\ngone\n");
    assert!(kept.exists());
}

#[test]
fn the_last_layer_is_the_topmost() {
    let Some(lab) = Lab::as_root() else { return };
    let one =
        layer(&lab, "one", &[("both", "one\n"), ("of-one", ""), ("tree/a", ""), ("etc/motd", "")]);
    let two = layer(&lab, "two", &[("both", "two\n"), ("of-two", ""), ("tree/b", "")]);
    // Layer two hides a file of layer one and one of the image.
    for gone in ["of-one", "etc/passwd"] {
        let path = two.join(gone);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let made = Command::new("mknod").arg(&path).args(["c", "0", "0"]).status().unwrap();
        assert!(made.success());
    }
    let script = "cat /both; ls /of-one /of-two /etc/passwd 2> /dev/null; echo /tree/*";
    let run = |below: &Path, above: &Path| {
        let layers = format!("--layer {} --layer {}", below.display(), above.display());
        lab.sh(&format!("chapter-07 --network none {layers}"), script).stdout
    };
    assert_eq!(run(&one, &two), "two\n/of-two\n/tree/a /tree/b\n");
    assert_eq!(run(&two, &one), "one\n/of-one\n/of-two\n/tree/a /tree/b\n");
    // A file that a layer hides is not there to be changed or deleted.
    let layers = format!("--layer {} --layer {}", one.display(), two.display());
    let list = changes(&lab, &layers, "echo > /of-one; rm /both; rm /of-two; rm -rf /tree");
    assert_eq!(list, ["D /both", "A /of-one", "D /of-two", "D /tree"]);
}

#[test]
fn awkward_names_are_names_like_others() {
    let Some(lab) = Lab::as_root() else { return };
    for name in ["with space", "a:b", "a,b", "back\\slash", "new\nline", "ü→\u{1F980}", "-o", "x=y"]
    {
        let dir = layer(&lab, name, &[("from-layer", "")]);
        let mut run = lab.program("lab");
        run.args(["run", "chapter-07", "--network", "none", "--layer"]).arg(&dir);
        let output = run.args(["--", "ls", "/from-layer"]).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.stdout, b"/from-layer\n", "{name:?}: {error}");
    }
    // The state directory is on the path of the writable layer.
    let mut lab = lab;
    let state = lab.state_dir().join("state, a:b \\ d\u{e9}");
    lab.set_env("LAB_STATE_DIR", &state);
    let script = "touch \"/sp ace\" /co:lon /com,ma /ü '/back\\slash' \"/new\nline\"";
    assert_eq!(
        changes(&lab, "", script),
        ["A /back\\slash", "A /co:lon", "A /com,ma", "A /new\nline", "A /sp ace", "A /ü"]
    );
    let kept =
        lab.sh("chapter-07 --network none --keep", "printf x > \"$(printf '/no-\\377utf8')\"");
    let kept = PathBuf::from(kept.stderr.strip_prefix("kept: ").expect("its path").trim_end());
    assert!(kept.join(OsStr::from_bytes(b"no-\xffutf8")).exists());
    assert_eq!(fs::read_dir(&state).unwrap().count(), 2, "`kept`, and no record in `containers`");
    assert!(lab.ids().is_empty());
    // A line that is printed is one line, whatever is in the name.
    let ran = lab.sh("chapter-07 --network none --view brief", "touch \"/new\nline\"");
    assert!(ran.stderr.contains("A /new?line"), "{}", ran.stderr);
}

#[test]
fn a_missing_layer_is_an_error() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.sh("chapter-07 --network none --layer /no/such/layer", "true");
    assert_eq!(ran.code, 125);
    assert_snapshot!("missing_layer", ran.stderr);
    let ran = lab.sh("chapter-07 --network none --layer /etc/passwd", "true");
    assert_eq!(ran.code, 125);
    assert_snapshot!("layer_that_is_a_file", ran.stderr);
}

/// Puts the state directory on a file system that cannot hold an upper layer.
const ON_AN_OVERLAY: &str = "mount -t tmpfs none \"$LAB_STATE_DIR\"; cd \"$LAB_STATE_DIR\"
    mkdir lower upper work; mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work \
    \"$LAB_STATE_DIR\"; cd /";

#[test]
fn where_no_layer_can_be_written_it_is_in_memory() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "echo x > /etc/motd; cat /etc/motd; rm -r /srv";
    let run = |options: &[&str]| {
        let args = ["run", "chapter-07", "--network", "none"].iter().chain(options);
        let args: Vec<_> = args.copied().chain(["--", "sh", "-c", script]).collect();
        lab.lab_with_mounts(ON_AN_OVERLAY, &args)
    };
    let ran = run(&[]);
    assert_eq!((ran.code, &*ran.stdout), (0, "x\n"), "{}", ran.stderr);
    assert_snapshot!("layer_in_memory", ran.stderr, filters => &[(r"/[^\s]*/(lab-test-)", "<tmp>/$1")]);
    let ran = run(&["--keep"]);
    assert_eq!((ran.code, &*ran.stdout), (125, ""));
    assert_snapshot!("no_place_to_keep", ran.stderr, filters => &[(r"/[^\s]*/(lab-test-)", "<tmp>/$1")]);
    // The changes are known all the same.
    let file = std::env::temp_dir().join(lab.state_dir().with_extension("json"));
    run(&["--json", file.to_str().unwrap()]);
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    fs::remove_file(&file).unwrap();
    let changes = report["outcome"]["changes"].to_string();
    assert!(changes.contains("/etc/motd") && changes.contains("D /srv"), "{changes}");
}

#[test]
fn a_read_only_container_changes_nothing() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "echo x > /file || echo refused; echo x > /tmp/file && echo written";
    let (ran, report) = lab.report("chapter-07 --network none --read-only --tmpfs /tmp", script);
    assert_eq!(ran.stdout, "refused\nwritten\n");
    assert_eq!(report["outcome"]["changes"], serde_json::json!([]));
}

#[test]
fn the_writable_layer_is_closed_to_other_users() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-07 --network none", "chmod 4755 /bin/sh");
    let layer = lab.records().join(container.id()).join("overlay");
    assert_eq!(layer.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert!(layer.join("upper").exists());
    container.finish();
    assert!(!layer.exists());
}

#[test]
fn the_root_directory_is_the_images() {
    let Some(lab) = Lab::as_root() else { return };
    let image = lab.image().metadata().unwrap();
    let container = lab.start("chapter-07 --network none", "");
    let root = fs::metadata(format!("/proc/{}/root/", container.pid)).unwrap();
    assert_eq!((root.mode(), root.uid(), root.gid()), (image.mode(), image.uid(), image.gid()));
    container.finish();
}

/// Makes a tree of 200 levels, step by step: the whole path would be too long for the
/// kernel, and the levels are more than the runtime may open.
const DIG: &str = "i=0; while [ $i -lt 200 ]; do
    mkdir a-directory-with-a-longer-name && cd -P a-directory-with-a-longer-name
    i=$((i+1)); done; echo > f";

/// Runs `lab` with few descriptors.
fn with_few_files(lab: &Lab, args: &[&str]) -> Ran {
    let program = lab.program("lab");
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]).arg(program.get_program()).args(args);
    shell.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
    ran(shell.stdin(Stdio::null()).output().expect("sh starts"))
}

#[test]
fn a_tree_of_any_depth_is_listed_and_removed() {
    let Some(lab) = Lab::as_root() else { return };
    let file = lab.state_dir().join("report.json");
    let script = format!("cd /tmp; {DIG}; exit 3");
    let args = ["run", "7", "--network", "none", "--json", file.to_str().unwrap()];
    let args: Vec<_> = args.into_iter().chain(["--", "sh", "-c", &script]).collect();
    let ran = with_few_files(&lab, &args);
    assert_eq!((ran.code, &*ran.stderr), (3, ""), "nothing is left, the code is the command's");
    let report: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let changes = report["outcome"]["changes"].as_array().expect("a list");
    assert_eq!(changes.len(), 202, "C /tmp, each level, and the file");
    let deepest = changes.iter().map(|line| line.as_str().unwrap()).max_by_key(|line| line.len());
    assert_eq!(
        deepest.unwrap(),
        format!("A /tmp{}/f", "/a-directory-with-a-longer-name".repeat(200))
    );
}

#[test]
fn a_tree_of_any_depth_is_removed_when_nobody_is_left_to_do_it() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let container = host.start("chapter-07 --network none", &format!("cd /tmp; {DIG}"));
    let other = host.start("chapter-07 --network none", "");
    let ids = [container.id(), other.id()];
    for container in [container, other] {
        kill(Pid::from_raw(container.runtime), Signal::SIGKILL).expect("it runs");
        eventually("both end", || !kernel::is_alive(container.pid));
    }
    let said = with_few_files(&host.lab, &["clean"]).ok();
    assert!(ids.iter().all(|id| said.contains(&format!("record of {id}"))), "{said}");
    host.assert_clean(&ids, "a deep tree");
}

#[test]
fn what_cannot_be_removed_is_told_and_keeps_nothing_else() {
    if !skip::is_root() {
        return;
    }
    let host = Host::new();
    let immutable = |id: &str, how: &str| {
        let file = host.lab.records().join(id).join("overlay/upper/dir/stays");
        Command::new("chattr").arg(how).arg(file).output().is_ok_and(|ran| ran.status.success())
    };
    let script = "mkdir /dir; echo > /dir/stays; echo > /dir/goes; mkdir -p /z/y; echo > /z/y/x";
    let containers = [(); 3].map(|()| host.start("chapter-07 --network none", script));
    let mut ids: Vec<_> = containers.iter().map(Started::id).collect();
    ids.sort();
    for container in containers {
        kill(Pid::from_raw(container.runtime), Signal::SIGKILL).expect("it runs");
        eventually("both end", || !kernel::is_alive(container.pid));
    }
    // Two of three, so that one of them is not the last.
    let stays = &ids[..2];
    if !stays.iter().all(|id| immutable(id, "+i")) {
        host.lab(&["clean"]).ok();
        return skip::skip("needs chattr, and a file system of the state directory that knows it");
    }
    let ran = host.lab(&["clean"]);
    let rerun = host.lab(&["run", "chapter-07", "--network", "none", "--", "echo", "it runs"]);
    let left: Vec<_> = stays
        .iter()
        .map(|id| host.lab.records().join(id).join("overlay/upper"))
        .map(|upper| Command::new("find").arg(".").current_dir(upper).output().unwrap().stdout)
        .collect();
    assert!(stays.iter().all(|id| immutable(id, "-i")));
    assert_eq!(ran.code, 125, "{ran:?}");
    for id in stays {
        let error = format!("{id}/overlay/upper/dir/stays: operation not permitted");
        assert_eq!(ran.stderr.matches(&error).count(), 1, "{}", ran.stderr);
        assert!(!ran.stdout.contains(&format!("record of {id}")), "{}", ran.stdout);
        assert!(rerun.stderr.contains(&error), "{}", rerun.stderr);
    }
    assert!(ran.stdout.contains(&format!("record of {}", ids[2])), "{}", ran.stdout);
    assert_eq!((rerun.code, &*rerun.stdout), (0, "it runs\n"));
    for left in left {
        assert_eq!(String::from_utf8_lossy(&left), ".\n./dir\n./dir/stays\n");
    }
    host.lab(&["clean"]).ok();
    host.assert_clean(&ids, "immutable files");
}

#[test]
fn what_fails_after_the_end_leaves_the_exit_code_to_the_command() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.sh("chapter-07 --network none --json /dev/full", "exit 3");
    assert_eq!(ran.code, 3);
    assert_eq!(ran.stderr, "warning: write the report: No space left on device (os error 28)\n");
    // A kept layer has a place that is taken.
    let kept = lab.state_dir().join("kept");
    fs::write(&kept, "").unwrap();
    let ran = lab.sh("chapter-07 --network none --keep", "exit 4");
    assert_eq!(ran.code, 4);
    assert!(ran.stderr.starts_with("warning: create "), "{}", ran.stderr);
    fs::remove_file(kept).unwrap();
    // Both of it is the same for the chapter's own program.
    let file = lab.state_dir().join("kept");
    fs::write(&file, "").unwrap();
    let image = lab.image();
    let mut program = lab.program("chapter-07-overlay");
    program.args(["--network", "none", "--keep", "--rootfs"]).arg(image);
    let ran = harness::ran(program.args(["--", "sh", "-c", "exit 5"]).output().expect("it starts"));
    assert_eq!(ran.code, 5);
    assert!(ran.stderr.starts_with("warning: create "), "{}", ran.stderr);
}

#[test]
fn links_of_the_image_are_not_followed_on_the_host() {
    let Some(lab) = Lab::as_root() else { return };
    let base = layer(&lab, "base", &[("real/shadow", "")]);
    // The host has both: /etc/passwd, and what is in the layer's own `real`.
    for (name, target) in [("absolute", "/etc"), ("relative", "real"), ("up", "../../../../etc")] {
        std::os::unix::fs::symlink(target, base.join(name)).unwrap();
    }
    let script = "for a in absolute relative up; do
        rm /$a; mkdir /$a; touch /$a/passwd /$a/shadow; done";
    assert_eq!(
        changes(&lab, &format!("--layer {}", base.display()), script),
        [
            "C /absolute",
            "A /absolute/passwd",
            "A /absolute/shadow",
            "C /relative",
            "A /relative/passwd",
            "A /relative/shadow",
            "C /up",
            "A /up/passwd",
            "A /up/shadow"
        ]
    );
}

#[test]
fn in_a_directory_that_was_replaced_so_is_what_is_further_down() {
    let Some(lab) = Lab::as_root() else { return };
    let files =
        [("tree/below/deep", "1"), ("tree/below/deeper/yet", "2"), ("tree/below/kept", "3")];
    let base = layer(&lab, "base", &files);
    let script = "rm -r /tree; mkdir -p /tree/below/deeper; echo > /tree/below/kept";
    assert_eq!(
        changes(&lab, &format!("--layer {}", base.display()), script),
        [
            "C /tree",
            "C /tree/below",
            "D /tree/below/deep",
            "C /tree/below/deeper",
            "D /tree/below/deeper/yet",
            "C /tree/below/kept"
        ]
    );
}

#[test]
fn names_that_are_no_text_are_told_apart() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "cd /tmp; for n in '\\351' '\\352' \"\\303\\251\" \"\\377'\"; do
        touch \"$(printf \"$n\")\"; done";
    assert_eq!(
        changes(&lab, "", script),
        ["C /tmp", "A /tmp/\u{e9}", "A $'/tmp/\\351'", "A $'/tmp/\\352'", "A $'/tmp/\\377\\''"]
    );
}

#[test]
fn there_can_be_many_layers_with_long_names() {
    let Some(lab) = Lab::as_root() else { return };
    let image = lab.image();
    let long = "n".repeat(200);
    let layers: Vec<_> = (0..120)
        .map(|number| layer(&lab, &format!("{long}{number}"), &[(&*format!("in/{number}"), "")]))
        .collect();
    let run = |chapter: &str, layers: &[PathBuf]| {
        let mut run = lab.program("lab");
        run.args(["run", chapter, "--network", "none", "--rootfs"]).arg(&image);
        for layer in layers {
            run.arg("--layer").arg(layer);
        }
        // The image is to be found in the mount table: nobody removes it then.
        let script = "ls /in | wc -l; grep -c \"$0\" /proc/self/mountinfo; true";
        run.args(["--", "sh", "-c", script]).arg(image.parent().unwrap().file_name().unwrap());
        harness::ran(run.output().unwrap())
    };
    for (chapter, count) in [("chapter-07", 18), ("chapter-07", 120), ("chapter-08", 120)] {
        let said = run(chapter, &layers[..count]).ok();
        let (listed, found) = said.split_once('\n').expect("two lines");
        assert_eq!(listed.trim(), count.to_string(), "{chapter}");
        assert!(chapter != "chapter-07" || found.trim() == "1", "{chapter}: {found}");
    }
    // The kernel's own answer to layers of which one lies in the other.
    let inner = layers[0].join("in");
    let ran = run("chapter-07", &[layers[0].clone(), layers[0].clone()]);
    assert_eq!(ran.code, 125);
    assert!(ran.stderr.contains("lies in another"), "{}", ran.stderr);
    let ran = run("chapter-07", &[layers[0].clone(), inner]);
    assert!(ran.code == 0 || ran.stderr.contains("lies in another"), "{}", ran.stderr);
}

#[test]
fn the_directories_of_a_layer_do_not_depend_on_the_callers_umask() {
    let Some(lab) = Lab::as_root() else { return };
    for umask in ["000", "077"] {
        let program = lab.program("lab");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]);
        shell.arg(program.get_program()).args(["run", "7", "--network", "none", "--keep"]);
        shell.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let script = "stat -c %a / && mkdir /proc/none; stat -c %a /proc/1/root";
        let ran = harness::ran(shell.args(["--", "sh", "-c", script]).output().unwrap());
        assert!(ran.stdout.starts_with("755\n"), "{umask}: {ran:?}");
        let kept = ran.stderr.lines().find_map(|line| line.strip_prefix("kept: ")).unwrap();
        let mode = |dir: &Path| dir.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(Path::new(kept)), 0o755, "{umask}");
        assert_eq!(mode(Path::new(kept).parent().unwrap()), 0o700, "{umask}");
    }
}

#[test]
fn an_error_that_names_a_file_of_somebody_elses_is_one_clean_line() {
    let Some(lab) = Lab::as_root() else { return };
    let image = lab.image();
    for name in ["\u{1b}]0;owned\u{7}", "two\nerror: lines", "\u{9b}31m"] {
        let missing = format!("/no/such/{name}");
        let args = ["--network", "none", "--layer", &missing, "--rootfs", image.to_str().unwrap()];
        for (program, first) in [("lab", &["run", "chapter-07"][..]), ("chapter-07-overlay", &[])] {
            let mut run = lab.program(program);
            let ran =
                harness::ran(run.args(first).args(args).args(["--", "true"]).output().unwrap());
            assert_eq!((ran.code, ran.stderr.lines().count()), (125, 1), "{program}: {ran:?}");
            assert!(!ran.stderr.trim_end().contains(char::is_control), "{program}: {ran:?}");
        }
    }
}

/// What the container that runs has in its record.
fn resolved(lab: &Lab) -> Value {
    let mut records = fs::read_dir(lab.records()).expect("records").flatten();
    let file = records.next().expect("a record").path().join("container.json");
    let record: Value = serde_json::from_slice(&fs::read(file).expect("a file")).expect("JSON");
    record["resolved"].clone()
}

#[test]
fn its_record_says_what_it_is_made_of_whatever_the_caller_called_it() {
    let Some(lab) = Lab::as_root() else { return };
    let here = lab.state_dir().join("here");
    let odd = here.join(OsStr::from_bytes(b"odd\xe9"));
    fs::create_dir_all(here.join("over")).unwrap();
    fs::create_dir(&odd).unwrap();
    let mut run = lab.program("lab");
    run.current_dir(&here).args(["run", "chapter-07", "--network", "none", "--hostname", "web"]);
    run.args(["--tmpfs", "/tmp:size=64k", "-v"]).arg(OsStr::from_bytes(b"odd\xe9:/data:ro"));
    run.args(["--layer", "over", "--read-only", "--", "sh", "-c", "echo ready; read line"]);
    let run = run.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = run.spawn().expect("lab starts");
    let said = kernel::read_until(child.stdout.as_mut().expect("a pipe"), "ready\n");
    let Some(_) = said else { panic!("{:?}", ran(child.wait_with_output().unwrap())) };
    let resolved = resolved(&lab);
    drop(child.stdin.take());
    assert_ne!(child.wait_with_output().expect("it ends").status.code(), Some(125));

    let mounts = &resolved["mounts"];
    let [volume, tmpfs] = &mounts["volumes"].as_array().expect("a list")[..] else {
        panic!("two of them: {mounts}")
    };
    assert_eq!(
        *tmpfs,
        json!({ "source": "tmpfs", "target": "/tmp", "kind": "tmpfs",
                "options": ["nosuid", "nodev", "noexec", "size=64k"] })
    );
    let base64 = volume["source"]["base64"].as_str().expect("base64");
    let script = "printf %s \"$0\" | base64 -d";
    let decoded = Command::new("sh").args(["-c", script, base64]).output().expect("sh starts");
    assert_eq!(decoded.stdout, odd.as_os_str().as_bytes());
    assert_eq!((&volume["target"], &volume["kind"]), (&json!("/data"), &json!("bind")));
    assert_eq!(volume["options"], json!(["rro"]));
    assert_eq!(mounts["read_only"], json!(true));
    let places = mounts["filesystems"].as_array().expect("a list");
    let places: Vec<_> = places.iter().filter_map(|mount| mount["target"].as_str()).collect();
    assert_eq!(places, ["/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"]);
    assert_eq!(
        mounts["devices"][0],
        json!({ "path": "/dev/null", "kind": "character", "major": 1, "minor": 3, "mode": 0o666 })
    );
    assert_eq!(resolved["names"], json!({ "hostname": "web", "domainname": null, "hosts": [] }));
    let lower = json!([here.join("over"), resolved["root"]]);
    assert_eq!(resolved["layers"], json!({ "lower": lower, "keep": null }));
    assert!(Path::new(resolved["root"].as_str().expect("a path")).is_absolute());
}
