//! Chapter 9: which system calls a container may make, and by which profile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Lab, Ran, assert_snapshot, skip};

/// Makes one system call in a container: its result and errno.
pub fn call(lab: &Lab, args: &str, number: libc::c_long, arguments: &str) -> Ran {
    let code = format!("$r = syscall({number}, {arguments}); print \"$r \", $r < 0 ? $!+0 : 0");
    let options = ["run"].into_iter().chain(args.split_whitespace());
    let command = ["-v", "/:/host:ro", "--", "chroot", "/host", "perl", "-e", &code];
    lab.lab(options.chain(command))
}

pub fn has_perl() -> bool {
    let has = Path::new("/usr/bin/perl").exists();
    if !has {
        skip::skip("needs perl for system calls that no program makes");
    }
    has
}

/// A container of the host's users, whose profile is this.
fn with_profile(lab: &Lab, json: &str) -> String {
    let file = lab.state_dir().join(format!("rules-{}.json", json.len()));
    fs::write(&file, json).unwrap();
    let file = file.display();
    format!("chapter-09 --userns host --network none --security-opt seccomp={file}")
}

/// What comes of it if a file cannot be a profile.
fn refusal(lab: &Lab, file: &Path) -> String {
    let option = format!("chapter-09 --network none --security-opt seccomp={}", file.display());
    let ran = lab.sh(&option, "true");
    assert_eq!(ran.code, 125, "{}", ran.stderr);
    ran.stderr
}

#[test]
fn system_calls_that_are_not_listed_fail() {
    if !skip::is_root() || !has_perl() {
        return;
    }
    let lab = Lab::new();
    // With another flag that it excludes: the kernel itself has EINVAL for that.
    let new_user = libc::CLONE_NEWUSER | libc::CLONE_FS;
    for (name, number, arguments, errno) in [
        ("keyctl", libc::SYS_keyctl, "0, -3, 0", libc::EPERM),
        ("bpf", libc::SYS_bpf, "0, 0, 0", libc::EPERM),
        ("unshare", libc::SYS_unshare, "0x4000000", libc::EPERM),
        ("clone", libc::SYS_clone, &format!("{new_user}, 0, 0, 0, 0"), libc::EPERM),
        ("clone3", libc::SYS_clone3, "0, 0", libc::ENOSYS),
        ("ioctl TIOCSTI", libc::SYS_ioctl, "0, 0x5412, 0", libc::EPERM),
        (
            "its number with bits that are ignored",
            libc::SYS_ioctl,
            "0, 0x700005412, 0",
            libc::EPERM,
        ),
        ("AF_VSOCK", libc::SYS_socket, "40, 1, 0", libc::EPERM),
        ("AF_VSOCK, with other bits", libc::SYS_socket, "0x100000028, 1, 0", libc::EPERM),
        ("AF_ALG", libc::SYS_socket, "38, 5, 0", libc::EPERM),
        ("AF_ALG, with other bits", libc::SYS_socket, "0xf00000026, 5, 0", libc::EPERM),
        ("AF_ALG in a pair", libc::SYS_socketpair, "38, 5, 0, 0", libc::EPERM),
    ] {
        let ran = call(&lab, "chapter-09 --userns host --network none", number, arguments);
        assert_eq!(ran.stdout, format!("-1 {errno}"), "{name}: {}", ran.stderr);
        let ran = call(&lab, "chapter-07 --network none", number, arguments);
        assert_ne!(ran.stdout, format!("-1 {errno}"), "{name} in chapter 7");
        if name == "bpf" {
            let with = "chapter-09 --userns host --network none --cap-add SYS_ADMIN";
            assert_ne!(call(&lab, with, number, arguments).stdout, "-1 1", "{name} with SYS_ADMIN");
        }
    }
}

#[test]
fn a_profile_of_ones_own_is_dockers_format() {
    let Some(lab) = Lab::as_root() else { return };
    let profile = lab.state_dir().join("rules.json");
    fs::write(
        &profile,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
            { "names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO",
              "errnoRet": 28, "args": [] },
            { "names": ["kill"], "action": "SCMP_ACT_ERRNO",
              "args": [{ "index": 1, "value": 10, "op": "SCMP_CMP_EQ" }] },
            { "names": ["rmdir", "unlinkat"], "action": "SCMP_ACT_ERRNO",
              "includes": { "caps": ["CAP_SYS_ADMIN"] } },
            { "names": ["sethostname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5,
              "excludes": { "minKernel": "2.6" } }
        ] }"#,
    )
    .unwrap();
    let args = format!(
        "chapter-09 --userns host --network none --security-opt seccomp={}",
        profile.display()
    );
    let script = "mkdir /dir; kill -USR1 $$ || echo refused; kill -0 $$ && echo allowed; \
                  rmdir /mnt && echo gone";
    let ran = lab.sh(&args, script);
    assert!(ran.stderr.contains("No space left"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "refused\nallowed\ngone\n");
    // Under a condition on a capability.
    let ran = lab.sh(&format!("{args} --cap-add SYS_ADMIN"), "rmdir /mnt || echo refused");
    assert_eq!(ran.stdout, "refused\n");
    // Whatever comes last before exec, it works without no_new_privs as well.
    let ran = lab.sh(&format!("{args} --security-opt no-new-privileges=false"), script);
    assert_eq!(ran.stdout, "refused\nallowed\ngone\n");
}

#[test]
fn a_wrong_profile_is_an_error_before_anything_is_made() {
    let Some(lab) = Lab::as_root() else { return };
    let profile = lab.state_dir().join("rules.json");
    fs::write(&profile, "{ \"defaultAction\": \"SCMP_ACT_PRAY\",\n \"syscalls\": [] }").unwrap();
    let opt = format!("chapter-09 --security-opt seccomp={}", profile.display());
    let ran = lab.sh(&opt, "true");
    assert_eq!(ran.code, 125);
    assert_snapshot!("wrong_profile", ran.stderr, filters => &[(r"/\S*/lab-test", "<dir>/lab-test")]);
    let ran = lab.sh("chapter-09 --security-opt seccomp=/no/such/profile", "true");
    assert_eq!(ran.code, 125);
    assert!(ran.stderr.contains("/no/such/profile: no such file"), "{}", ran.stderr);
}

#[test]
fn families_of_sockets_beside_the_forbidden_ones_are_allowed() {
    if !skip::is_root() || !has_perl() {
        return;
    }
    let lab = Lab::new();
    for family in [1, 2, 10, 16, 37, 39, 41, 44] {
        let arguments = format!("{family}, 2, 0");
        let socket = |args: &str| call(&lab, args, libc::SYS_socket, &arguments).stdout;
        let confined = socket("chapter-09 --userns host --network none");
        assert_eq!(confined, socket("chapter-07 --network none"), "{family}");
    }
}

/// The profile of the chapter without what is younger than Linux 5.1.
fn profile_of_2019() -> String {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = manifest.join("../chapters/09-security/src/default-seccomp.json");
    let mut profile: serde_json::Value =
        serde_json::from_slice(&fs::read(file).unwrap()).expect("JSON");
    let headers = "pidfd_send_signal io_uring_ open_tree move_mount fs clone3 close_range openat2 \
        pidfd_ faccessat2 process_m epoll_pwait2 mount_setattr quotactl_fd landlock_ memfd_secret \
        futex_ set_mempolicy_home_node cachestat fchmodat2 map_shadow_stack statmount listmount \
        lsm_ mseal setxattrat getxattrat listxattrat removexattrat file_";
    for entry in profile["syscalls"].as_array_mut().unwrap() {
        entry["names"].as_array_mut().unwrap().retain(|name| {
            let name = name.as_str().unwrap();
            let is_old = ["fsync", "fstat", "fstatfs", "fsetxattr"].contains(&name);
            is_old || !headers.split_whitespace().any(|young| name.starts_with(young))
        });
    }
    profile["syscalls"]
        .as_array_mut()
        .unwrap()
        .retain(|entry| entry["names"] != serde_json::json!([]));
    profile.to_string()
}

#[test]
fn a_call_that_is_younger_than_the_profile_does_not_exist() {
    if !skip::is_root() || !has_perl() {
        return;
    }
    let lab = Lab::new();
    let default = "chapter-09 --userns host --network none";
    for number in [470, 500, 1000, 9999, 0x3fff_ffff] {
        let ran = call(&lab, default, number, "0, 0, 0, 0");
        assert_eq!(ran.stdout, format!("-1 {}", libc::ENOSYS), "{number}: {}", ran.stderr);
    }
    // This kernel has these, so it is the filter that says so; and the older one is refused.
    let old = with_profile(&lab, &profile_of_2019());
    for (number, errno) in [
        (libc::SYS_close_range, libc::ENOSYS),
        (libc::SYS_pidfd_open, libc::ENOSYS),
        (libc::SYS_memfd_secret, libc::ENOSYS),
        (libc::SYS_keyctl, libc::EPERM),
    ] {
        let ran = call(&lab, &old, number, "1000000, 1, 0");
        assert_eq!(ran.stdout, format!("-1 {errno}"), "{number}: {}", ran.stderr);
    }
}

#[test]
fn the_second_table_of_numbers_is_refused_by_every_profile() {
    if !skip::is_root() || !has_perl() || !cfg!(target_arch = "x86_64") {
        return;
    }
    let lab = Lab::new();
    let list_of_what_is_forbidden = r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        { "names": ["mkdir", "seccomp"], "action": "SCMP_ACT_ERRNO" } ] }"#;
    for args in [
        "chapter-09 --userns host --network none",
        &with_profile(&lab, r#"{ "defaultAction": "SCMP_ACT_ALLOW" }"#),
        &with_profile(&lab, list_of_what_is_forbidden),
    ] {
        // getpid, unshare and mkdir.
        for number in [39, 272, 83] {
            let ran = call(&lab, args, 0x4000_0000 | number, "0, 0, 0");
            assert_eq!(ran.stdout, format!("-1 {}", libc::EPERM), "{number}: {}", ran.stderr);
        }
        // With this a tracer has a call skipped.
        let ran = call(&lab, args, -1, "0");
        assert_eq!(ran.stdout, format!("-1 {}", libc::ENOSYS), "{}", ran.stderr);
    }
}

#[test]
fn a_call_by_the_numbers_of_32_bit_programs_is_the_end() {
    let Some(lab) = Lab::as_root() else { return };
    if !cfg!(target_arch = "x86_64") {
        return;
    }
    // Its 20 is getpid, ours is writev.
    let source = "void _start(void) { int result; \
        __asm__ volatile(\"int $0x80\" : \"=a\"(result) : \"a\"(20)); \
        __asm__ volatile(\"syscall\" : : \"a\"(60), \"D\"(result > 0 ? 3 : 4)); }";
    let dir = lab.state_dir().join("given");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("a.c"), source).unwrap();
    let mut compiler = Command::new("cc");
    compiler.args(["-nostdlib", "-static", "-O1", "-o"]).arg(dir.join("a")).arg(dir.join("a.c"));
    assert!(compiler.status().expect("a C compiler, as cargo needs one").success());
    let run = |args: &str| {
        let volume = format!("{}:/given", dir.display());
        let words = ["run"].into_iter().chain(args.split_whitespace());
        lab.lab(words.chain(["-v", &volume, "--", "/given/a"])).code
    };
    if run("chapter-07 --network none") != 3 {
        return skip::skip("this kernel has no 32-bit system calls");
    }
    let killed = 128 + libc::SIGSYS;
    assert_eq!(run("chapter-09 --network none"), killed);
    assert_eq!(run(&with_profile(&lab, r#"{ "defaultAction": "SCMP_ACT_ALLOW" }"#)), killed);
}

#[test]
fn a_profile_in_an_older_form_or_podmans_is_understood() {
    let Some(lab) = Lab::as_root() else { return };
    let script =
        "mkdir /dir 2> /dev/null || echo no mkdir; rmdir /mnt 2> /dev/null || echo no rmdir";
    for (json, expected) in [
        // One name an entry, as before Docker 1.13.
        (
            r#"{ "defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
                "syscalls": [
                { "name": "mkdir", "action": "SCMP_ACT_ERRNO", "args": [] },
                { "name": "mkdirat", "action": "SCMP_ACT_ERRNO", "args": null },
                { "name": "rmdir", "action": "SCMP_ACT_ALLOW", "args": [] } ] }"#,
            "no mkdir\n",
        ),
        (r#"{ "defaultAction": "SCMP_ACT_ALLOW" }"#, ""),
        // The name of an errno beside its number, or in its place.
        (
            r#"{ "defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 38,
                "defaultErrno": "ENOSYS", "syscalls": [
                { "names": ["rmdir", "unlinkat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1,
                  "errno": "EPERM", "comment": "", "includes": {}, "excludes": {} } ] }"#,
            "no rmdir\n",
        ),
        // Two comparisons of one argument count as two entries: kill with 10 or with 12.
        (
            r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                { "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "args": [
                  { "index": 1, "value": 511, "op": "SCMP_CMP_EQ" },
                  { "index": 2, "value": 511, "op": "SCMP_CMP_EQ" },
                  { "index": 1, "value": 493, "op": "SCMP_CMP_EQ" } ] } ] }"#,
            "no mkdir\n",
        ),
    ] {
        assert_eq!(lab.sh(&with_profile(&lab, json), script).stdout, expected, "{json}");
    }
}

#[test]
fn what_a_profile_means_and_we_do_not_know_is_an_error() {
    let Some(lab) = Lab::as_root() else { return };
    let file = lab.state_dir().join("rules.json");
    let mut said = String::new();
    for json in [
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscals": [] }"#,
        r#"{ "defaultAction": "SCMP_ACT_NOTIFY" }"#,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["bpf"], "action": "SCMP_ACT_NOTIFY" } ] }"#,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["bpf"], "name": "kexec_load", "action": "SCMP_ACT_ERRNO" } ] }"#,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "action": "SCMP_ACT_ERRNO" } ] }"#,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["bpf"], "action": "SCMP_ACT_ERRNO", "errno": "EBROKEN" } ] }"#,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["bpf"], "action": "SCMP_ACT_ERRNO", "args": [{ "index": 0, "value": 1, "op": "SCMP_CMP_ABOUT" }] } ] }"#,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["bpf"], "action": "SCMP_ACT_ERRNO", "args": [{ "index": 6, "value": 1, "op": "SCMP_CMP_EQ" }] } ] }"#,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "syscalls": [ { "names": ["bpf"], "action": "SCMP_ACT_ERRNO", "includes": { "minKernel": "new" } } ] }"#,
        r#"{ "defaultAction": "SCMP_ACT_ALLOW", "flags": ["SECCOMP_FILTER_FLAG_LOG"] }"#,
        "\u{feff}{}",
    ] {
        fs::write(&file, json).unwrap();
        said += &format!("{json}\n{}", refusal(&lab, &file));
    }
    fs::write(&file, b"{ \"defaultAction\": \"\xe9\" }").unwrap();
    said += &format!("not UTF-8\n{}", refusal(&lab, &file));
    assert_snapshot!("unknown_in_a_profile", said, filters => &[(r"/\S*/lab-test", "<dir>/lab-test")]);
}

#[test]
fn a_file_that_never_ends_is_no_profile() {
    let Some(lab) = Lab::as_root() else { return };
    let fifo = lab.state_dir().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let huge = lab.state_dir().join("huge");
    fs::File::create(&huge).unwrap().set_len(1 << 40).unwrap();
    let files = [PathBuf::from("/dev/zero"), fifo, "/etc".into(), "/proc/self/mem".into(), huge];
    let said: String = files.iter().map(|file| refusal(&lab, file)).collect();
    assert_snapshot!("no_profile", said, filters => &[(r"/\S*/lab-test", "<dir>/lab-test")]);
}

#[test]
fn a_profile_that_the_record_has_no_room_for_is_an_error_and_leaves_nothing() {
    let Some(lab) = Lab::as_root() else { return };
    let file = lab.state_dir().join("rules.json");
    let json = r#"{ "defaultAction": "SCMP_ACT_ALLOW" }"#;
    fs::write(&file, json.to_owned() + &" ".repeat((1 << 20) - 100)).unwrap();
    let said = refusal(&lab, &file);
    assert!(said.contains("it would be larger than 1 MiB"), "{said}");
    // That nothing is left, says the end of `lab`.
}

#[test]
fn the_kernels_cryptography_is_out_of_reach_from_this_chapter_on() {
    let Some(lab) = Lab::as_root() else { return };
    // A host whose kernel would load a module for it, which asking does not do.
    let prepare = "mount -t tmpfs none /mnt; mkdir /mnt/upper /mnt/work; \
                   mount -t overlay -o lowerdir=/lib,upperdir=/mnt/upper,workdir=/mnt/work none /lib; \
                   modules=/lib/modules/$(uname -r); mkdir -p $modules; \
                   echo alias net-pf-38 af_alg > $modules/modules.alias";
    let args = ["attack", "--json", "--attack", "crypto", "chapter-08", "chapter-09"];
    let cells = lab.lab_with_mounts(prepare, &args).ok();
    let cells: serde_json::Value = serde_json::from_str(&cells).expect("JSON");
    let results = [0, 1].map(|at| cells[at]["result"].as_str());
    assert_eq!(results, [Some("works"), Some("blocked")], "{cells}");
}
