//! Chapter 3: a mount table of its own.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{Lab, assert_snapshot, kernel, scratch};

#[test]
fn the_mount_table_holds_its_own_mounts_only() {
    let Some(lab) = Lab::as_root() else { return };
    let table = lab.sh("chapter-03", "cat /proc/self/mounts").ok();
    let mounts: Vec<_> = table
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>())
        // `inode64` is a default of some kernels' tmpfs.
        .map(|fields| (fields[1], fields[2], fields[3].replace(",inode64", "")))
        .map(|(path, kind, options)| format!("{path:14}{kind:8}{options}"))
        .collect();
    // The first one is the root, on whatever file system the cache is.
    assert!(mounts[0].starts_with("/ "));
    assert_snapshot!("mounts", mounts[1..].join("\n"));
}

#[test]
fn nothing_is_mounted_on_the_host_even_if_it_shares_its_mounts() {
    let Some(lab) = Lab::as_root() else { return };
    // A host as systemd makes it: every mount shared.
    let run = lab.program("lab");
    for chapter in ["chapter-03", "chapter-07", "chapter-08", "chapter-09"] {
        let mut outer = Command::new("unshare");
        outer.args(["--mount", "--propagation", "shared", "sh", "-c"]);
        outer.arg("cat /proc/self/mountinfo; echo; \"$0\" \"$@\"; echo; cat /proc/self/mountinfo");
        outer.arg(run.get_program());
        outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
        outer.args([
            "run",
            chapter,
            "-v",
            "/usr:/data",
            "--tmpfs",
            "/data/local",
            "--",
            "sh",
            "-c",
        ]);
        let output = outer.arg("echo inside").output().expect("unshare starts");
        let text = String::from_utf8_lossy(&output.stdout);
        let [before, inside, after] = text.split("\n\n").collect::<Vec<_>>()[..] else {
            panic!("{chapter}: three parts: {text}")
        };
        assert!(before.contains(" shared:"));
        assert_eq!(inside, "inside", "{chapter}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(before, after.trim_end(), "{chapter}");
    }
}

#[test]
fn proc_shows_its_own_processes_only() {
    let Some(lab) = Lab::as_root() else { return };
    assert_eq!(lab.sh("chapter-03", "echo /proc/[0-9]*").ok(), "/proc/1\n");
}

#[test]
fn dev_has_harmless_devices_only() {
    let Some(lab) = Lab::as_root() else { return };
    let list = "cd /dev; for f in *; do \
                if [ -L $f ]; then echo \"$f -> $(readlink $f)\"; else echo $f; fi; done";
    assert_snapshot!("dev", lab.sh("chapter-03", list).ok());
    let works =
        "head -c 3 /dev/zero | wc -c; echo gone > /dev/null; echo full > /dev/full || echo no";
    assert_eq!(
        lab.sh("chapter-03", works).stdout.split_whitespace().collect::<Vec<_>>(),
        ["3", "no"]
    );
}

#[test]
fn sys_is_read_only() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.sh("chapter-03", "echo 1 > /sys/kernel/rcu_expedited");
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("ead-only file system"), "{}", ran.stderr);
}

#[test]
fn the_hosts_root_is_gone() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-03", "");
    let table = fs::read_to_string(format!("/proc/{}/mountinfo", container.pid)).unwrap();
    // Every mount has its parent in the table, except the root.
    let field = |line: &str, at| line.split(' ').nth(at).map(str::to_owned);
    let ids: Vec<_> = table.lines().filter_map(|line| field(line, 0)).collect();
    let orphans = table.lines().filter(|line| !ids.contains(&field(line, 1).unwrap()));
    assert_eq!(orphans.filter_map(|line| field(line, 4)).collect::<Vec<_>>(), ["/"]);
    container.finish();
}

#[test]
fn a_volume_shows_the_hosts_files() {
    let Some(lab) = Lab::as_root() else { return };
    let dir = lab.state_dir().join("data");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("file"), "of the host\n").unwrap();
    let args = format!("chapter-03 --read-only -v {}:/srv", dir.display());
    assert_eq!(
        lab.sh(&args, "cat /srv/file; echo of the container > /srv/new").ok(),
        "of the host\n"
    );
    assert_eq!(fs::read_to_string(dir.join("new")).unwrap(), "of the container\n");
}

#[test]
fn a_volume_can_be_one_file() {
    let Some(lab) = Lab::as_root() else { return };
    let file = lab.state_dir().join("one");
    fs::write(&file, "of the host\n").unwrap();
    let args = format!("chapter-07 --network none -v {}:/new/place/one:ro", file.display());
    let ran = lab.sh(&args, "cat /new/place/one; echo x > /new/place/one");
    assert_eq!(ran.stdout, "of the host\n");
    assert_ne!(ran.code, 0);
    assert_eq!(fs::read_to_string(&file).unwrap(), "of the host\n");
}

#[test]
fn a_read_only_volume_is_so_for_all_that_is_mounted_in_it() {
    let Some(lab) = Lab::as_root() else { return };
    let dir = lab.state_dir().join("data");
    fs::create_dir_all(dir.join("inner")).unwrap();
    // A mount within the volume, in a mount namespace that ends with the test.
    let run = lab.program("lab");
    let mut outer = Command::new("unshare");
    outer.args(["--mount", "--propagation", "private", "sh", "-c"]);
    outer.arg("mount -t tmpfs none \"$0/inner\" && echo here > \"$0/inner/file\" && exec \"$@\"");
    outer.arg(&dir).arg(run.get_program());
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    outer.args(["run", "chapter-03", "-v", &format!("{}:/srv:ro", dir.display()), "--"]);
    let script = "cat /srv/inner/file; echo x > /srv/inner/new || echo refused";
    let output = outer.args(["sh", "-c", script]).output().expect("unshare starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "here\nrefused\n");
}

#[test]
fn a_link_in_the_root_cannot_lead_a_volume_out_of_it() {
    let Some(lab) = Lab::as_root() else { return };
    let root = lab.state_dir().join("root");
    let status = Command::new("cp").arg("-a").arg(lab.image()).arg(&root).status().unwrap();
    assert!(status.success());
    let outside = lab.state_dir().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::remove_dir_all(root.join("srv")).unwrap();
    symlink(&outside, root.join("srv")).unwrap();
    // The link means a path in the root, and is made there.
    fs::create_dir_all(root.join(outside.strip_prefix("/").unwrap())).unwrap();
    let args = format!("chapter-03 --rootfs {} -v /etc:/srv/data", root.display());
    assert_eq!(lab.sh(&args, "test -e /srv/data/passwd && echo mounted").ok(), "mounted\n");
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "something was made on the host");
}

#[test]
fn a_missing_volume_is_an_error_and_not_a_new_directory() {
    let Some(lab) = Lab::as_root() else { return };
    let ran = lab.sh("chapter-03 -v /no/such/source:/srv", "true");
    assert_eq!(ran.code, 125);
    assert_snapshot!("missing_volume", ran.stderr);
    assert!(!Path::new("/no").exists());
}

#[test]
fn a_tmpfs_is_fresh_and_limited() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "ls /tmp | wc -l; head -c 100000 /dev/zero > /tmp/big; wc -c < /tmp/big";
    let ran = lab.sh("chapter-03 --tmpfs /tmp:size=64k", script);
    assert_eq!(ran.stdout.split_whitespace().collect::<Vec<_>>(), ["0", "65536"]);
}

#[test]
fn a_read_only_root_is_read_only() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "echo x > /file || echo refused; echo x > /dev/shm/file && echo written";
    let ran = lab.sh("chapter-03 --read-only", script);
    assert_eq!(ran.stdout, "refused\nwritten\n");
}

#[test]
fn the_host_name_and_the_queues_are_still_shared() {
    let Some(lab) = Lab::as_root() else { return };
    let container = lab.start("chapter-03", "");
    let us = std::process::id().cast_signed();
    for kind in ["uts", "ipc", "net", "cgroup"] {
        assert_eq!(kernel::namespace(container.pid, kind), kernel::namespace(us, kind));
    }
    container.finish();
}

#[test]
fn no_working_directory_leads_out() {
    let Some(lab) = Lab::as_root() else { return };
    let mut run = lab.program("lab");
    run.args(["run", "chapter-03", "--workdir", "/proc/self/fd/0", "--", "ls"]);
    let output = run.stdin(std::fs::File::open("/").unwrap()).output().expect("lab starts");
    assert_eq!(output.status.code(), Some(125));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("hint: it is outside of the container's root"), "{errors}");
}

#[test]
fn in_a_chroot_it_is_told_why_not_and_what_to_do() {
    let Some(lab) = Lab::as_root() else { return };
    // A directory with the host's programs in it that is no mount point.
    let script = "
        dir=$0
        mount -t tmpfs none $dir; mkdir -p $dir/old/proc $dir/old/tmp $dir/old/dev $dir/old/img
        for name in bin sbin lib lib32 lib64 usr etc; do
            ! test -h /$name || cp -a /$name $dir/old
            ! test -d /$name || test -h /$name || { mkdir $dir/old/$name; mount --rbind /$name $dir/old/$name; }
        done
        cp \"$1\" $dir/old/lab; chmod 755 $dir/old/lab; chmod 1777 $dir/old/tmp
        mount -t proc none $dir/old/proc; mount --rbind /dev $dir/old/dev
        export LAB_STATE_DIR=/tmp/state LAB_CACHE_DIR=/tmp/cache
        for number in 3 7; do chroot $dir/old /lab run $number -- true; echo $?; done
        export LAB_STATE_DIR=/tmp/mine LAB_CACHE_DIR=/tmp/my
        chroot --userspec=61234:61234 $dir/old /lab run 3 -- true; echo $?
        chroot $dir/old /lab doctor | grep -A 4 '^  user  ' | grep fix:";
    let lab = lab.program("lab");
    let place = scratch::directory();
    let mut outer = Command::new("unshare");
    outer.args([
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        &format!("exec 2>&1; {script}"),
    ]);
    let output = outer.arg(place.path()).arg(lab.get_program()).output().unwrap();
    assert_snapshot!("in_a_chroot", String::from_utf8_lossy(&output.stdout));
}

/// A copy of the default root in the state directory, with a shell script run in it.
fn image(lab: &Lab, script: &str) -> PathBuf {
    let image = lab.state_dir().join("image");
    let copied = Command::new("cp").arg("-a").arg(lab.image()).arg(&image).status();
    assert!(copied.expect("cp starts").success());
    let ran = Command::new("sh").args(["-ec", script]).current_dir(&image).status();
    assert!(ran.expect("sh starts").success());
    image
}

#[test]
fn a_name_in_the_image_that_leads_nowhere_leads_to_a_place_inside() {
    let Some(lab) = Lab::as_root() else { return };
    let script = "rm -f etc/resolv.conf etc/hosts etc/hostname
        ln -s ../run/systemd/resolve/stub-resolv.conf etc/resolv.conf
        ln -s /lab-test/of/no/host etc/hosts
        ln -s one etc/hostname; ln -s ../etc/two etc/one; ln -s /lab-test/../../name etc/two
        ln -s lab-test/there volume; ln -s ../../../../lab-test/temporary tmpfs
        ln -s nowhere/../lab-test/up up; rm -rf run; mkdir -p real/run; ln -s /real/run run";
    let image = image(&lab, script);
    let data = lab.state_dir().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(data.join("file"), "of the volume\n").unwrap();
    let (image, data) = (image.display(), data.display());
    // The last one is below a link that is absolute: /run.
    let volumes = format!("-v {data}:/volume -v {data}/file:/up -v {data}:/run/lab/deep:ro");
    let inside = "cat /volume/file /up /run/lab/deep/file; grep -c localhost /etc/hosts
        [ $(cat /name) = $(hostname) ] && echo named; echo > /lab-test/temporary/x && echo written";
    let expected = "of the volume\nof the volume\nof the volume\n";
    for chapter in ["chapter-04", "chapter-05", "chapter-07", "chapter-08", "chapter-09"] {
        let network = if chapter == "chapter-04" { "" } else { "--network none" };
        let args = format!("{chapter} {network} --rootfs {image} {volumes} --tmpfs /tmpfs");
        let said = lab.sh(&args, inside).ok();
        assert!(said.starts_with(expected), "{chapter}: {said}");
        assert!(said.ends_with("named\nwritten\n"), "{chapter}: {said}");
    }
    assert!(!Path::new("/lab-test").exists() && !Path::new("/name").exists());
    let report = lab.report(&format!("chapter-07 --network none --rootfs {image} {volumes}"), "");
    assert_eq!(report.1["outcome"]["changes"], serde_json::json!([]), "made by the runtime");
}

#[test]
fn links_in_a_circle_are_an_error() {
    let Some(lab) = Lab::as_root() else { return };
    let image = image(&lab, "ln -s b a; ln -s a b; ln -s c/x c; ln -s / top");
    let run = |option: &str, target: &str| {
        let args = format!("chapter-07 --network none --rootfs {} {option}", image.display());
        let ran = lab.sh(&format!("{args}{target}"), "echo it runs");
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{option}{target}");
        ran.stderr
    };
    for target in ["/a", "/b/below", "/c"] {
        assert!(run("--tmpfs ", target).contains("too many symbolic links"), "{target}");
        assert!(run("-v /usr:", target).contains("too many symbolic links"), "{target}");
    }
    assert!(run("--tmpfs ", "/top").contains("it leads to the container's root"));
}

#[test]
fn a_place_of_the_wrong_kind_is_told() {
    let Some(lab) = Lab::as_root() else { return };
    let run = |option: &str| {
        let ran = lab.sh(&format!("chapter-07 --network none {option}"), "echo it runs");
        assert_eq!((ran.code, &*ran.stdout), (125, ""), "{option}");
        ran.stderr
    };
    let on_a_file = "a directory cannot be mounted on a file";
    assert!(run("-v /usr:/etc/passwd").contains(on_a_file));
    assert!(run("--tmpfs /etc/passwd").contains(on_a_file));
    let on_a_directory = "a file cannot be mounted on a directory";
    assert!(run("-v /etc/passwd:/etc").contains(on_a_directory));
    // One volume on another.
    assert!(run("-v /etc/passwd:/a -v /usr:/a/b").contains("not a directory"));
    assert!(run("-v /usr:/").contains("it cannot be the container's root"));
    assert!(run("--tmpfs /a/..").contains("it cannot be the container's root"));
    assert!(run("--tmpfs /t:noatim").contains("a tmpfs has no option noatim"));
    assert!(run("--tmpfs /t:size=many").contains("one of `size=many` has a wrong value"));
    let options = "--tmpfs /t:defaults,noatime,size=1m --tmpfs /u:relatime,rw";
    let mounts = lab.sh(&format!("chapter-03 {options}"), "grep ' /[tu] ' /proc/mounts").ok();
    assert!(mounts.lines().count() == 2 && mounts.contains("noatime"), "{mounts}");
}

#[test]
fn renames_elsewhere_do_not_keep_a_container_from_starting() {
    let Some(lab) = Lab::as_root() else { return };
    let image = image(&lab, "mkdir -p a/b; ln -s ../../a/../a/b/../b/real a/b/link");
    // A rename anywhere makes the kernel unsure of every `..` on its way.
    let script = "cd \"$0\"; mkdir x; echo ready; while :; do mv x y; mv y x; done";
    let racers = "import os, sys\nos.chdir(sys.argv[1])\nos.mkdir('x')\nprint('ready', flush=True)\n\
                  while True: os.rename('x', 'y'); os.rename('y', 'x')";
    let program = if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "sh" };
    let text = if program == "sh" { script } else { racers };
    let mut racer = Command::new(program);
    racer.args(["-c", text]).arg(lab.state_dir()).stdout(Stdio::piped());
    let mut racer = racer.spawn().expect("it starts");
    let said = kernel::read_until(racer.stdout.as_mut().unwrap(), "ready\n");
    let args = format!("chapter-03 --rootfs {} -v /usr:/a/b/link/volume", image.display());
    let failed: Vec<_> = (0..40).map(|_| lab.sh(&args, "")).filter(|ran| ran.code != 0).collect();
    racer.kill().unwrap();
    racer.wait().unwrap();
    assert!(said.is_some() && failed.is_empty(), "{failed:?}");
}
