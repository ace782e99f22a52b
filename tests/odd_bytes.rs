//! `lab` ends in time whatever is in the files that it reads, with an exit code of its own,
//! and without eating the host's memory.
//!
//! A [`Reader`] is a file and a command that reads it. It is tried with files that people
//! and attackers are known to have, and with a good one in which bytes were changed at
//! random: for a moment usually, for `$LAB_ODD_SECONDS` where that is set. A failure names
//! the seed, and `LAB_ODD_SEED` repeats it.

use std::collections::hash_map::RandomState;
use std::fmt::Write as _;
use std::fs;
use std::hash::BuildHasher;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::{DEADLINE, Lab, scratch};
use nix::sys::signal::{Signal, killpg};
use nix::sys::stat::Mode;
use nix::unistd::{Pid, mkfifo};

/// The memory that a process may map, in KiB. The machine has more; `lab` needs a third.
const MEMORY: u32 = 1 << 18;

/// What `lab` may say of a file, in bytes: nobody reads more on a screen.
const MOST_SAID: usize = 1 << 16;

/// A file that `lab` reads, below a directory that is the test's own.
struct Reader {
    file: &'static str,
    found: Found,
    /// What it should be like.
    good: Vec<u8>,
    /// What reads it, as a shell script: `$LAB` is the program, `$DIR` the directory.
    script: &'static str,
}

/// How `lab` comes to a file.
#[derive(PartialEq)]
enum Found {
    /// It lies where such a file lies, and must be one.
    ByItself,
    /// The user names it, and may well mean a pipe (`<(…)`) that has to be waited for.
    ByName,
    /// It lies in a directory that nobody else can enter.
    AmongOurs,
}

/// What lies at the place of a file.
enum Odd {
    Bytes(Vec<u8>),
    Directory,
    Fifo,
    /// A link to something.
    Link(&'static str),
}

/// Those from which something may yet come.
const WAITED_FOR: [&str; 2] = ["a FIFO", "a terminal"];

impl Reader {
    /// Files that are not as they should be, and what they are called in a failure.
    fn odd_files(&self) -> Vec<(&'static str, Odd)> {
        let good = &self.good;
        let digits = |number: &str| {
            let text = String::from_utf8_lossy(good);
            harness::snapshot::replace(r"\d+", &text, number).into_bytes()
        };
        let lines = || good.split(|&byte| byte == b'\n');
        let bytes = [
            ("empty", vec![]),
            ("a NUL", vec![0]),
            ("many NULs", vec![0; 1 << 16]),
            ("NULs at the ends of lines", lines().collect::<Vec<_>>().join(&b"\0\n"[..])),
            ("Latin-1", [b"# caf\xe9\n", &good[..], b"caf\xe9:x:1:\n"].concat()),
            ("no UTF-8", [&good[..], b"\xff\xfe\x80\xc3(\xed\xa0\x80\xf4\x90\x80\x80"].concat()),
            ("UTF-16", good.iter().flat_map(|&byte| [byte, 0]).collect()),
            ("a byte order mark", [b"\xef\xbb\xbf", &good[..]].concat()),
            ("CRLF", lines().collect::<Vec<_>>().join(&b"\r\n"[..])),
            ("a huge line", vec![b'x'; 9 << 20]),
            ("a huge word with all around it", [good, &vec![b'7'; 1 << 20][..], good].concat()),
            ("empty lines", vec![b'\n'; 1 << 20]),
            ("colons", vec![b':'; 1 << 20]),
            ("half of it", good[..good.len() / 2].to_vec()),
            ("all but the last byte", good[..good.len().saturating_sub(1)].to_vec()),
            ("twice", good.repeat(2)),
            ("deep lists", [b"x = ", &vec![b'['; 100_000][..]].concat()),
            ("deep JSON", b"{\"a\":".repeat(100_000)),
            ("deep names", [b"[", &b"a.".repeat(100_000)[..], b"a]"].concat()),
            ("huge numbers", digits("99999999999999999999999999")),
            ("the largest of 32 bits", digits("4294967295")),
            ("the largest of 64 bits", digits("18446744073709551615")),
            ("negative numbers", digits("-9223372036854775808")),
            ("escape sequences", b"\x1b]0;title\x07\x1b[2J = 1\n".to_vec()),
        ];
        let bytes = bytes.into_iter().map(|(name, bytes)| (name, Odd::Bytes(bytes)));
        let others = [
            ("a directory", Odd::Directory),
            ("a FIFO", Odd::Fifo),
            ("without an end", Odd::Link("/dev/zero")),
            ("endless noise", Odd::Link("/dev/urandom")),
            ("a link to itself", Odd::Link("itself")),
            ("a dangling link", Odd::Link("/nowhere/to/be/found")),
            ("a terminal", Odd::Link("/dev/ptmx")),
            ("the kernel's own", Odd::Link("/proc/self/mem")),
        ];
        let may_wait = self.found != Found::ByItself;
        let others =
            others.into_iter().filter(|(name, _)| !(may_wait && WAITED_FOR.contains(name)));
        bytes.chain(others).collect()
    }

    /// Reads each of them, in a directory that `furnish` has prepared.
    #[track_caller]
    fn try_all(&self, furnish: impl FnOnce(&Lab, &Path)) {
        let Some(lab) = Lab::as_root() else { return };
        let dir = scratch::named("lab-odd-");
        furnish(&lab, dir.path());
        let place = dir.path().join(self.file);
        let mut faults = String::new();
        let mut look = |name: &str, odd: &Odd| {
            put(odd, &place);
            if let Some(fault) = self.fault(&lab, dir.path()) {
                writeln!(faults, "{} is {name}: {fault}", self.file).unwrap();
            }
        };
        look("as it should be", &Odd::Bytes(self.good.clone()));
        self.odd_files().iter().for_each(|(name, odd)| look(name, odd));

        let number = |name: &str| std::env::var(name).ok()?.parse().ok();
        let seed: u64 = number("LAB_ODD_SEED").unwrap_or_else(|| RandomState::new().hash_one(0));
        let mut random = Random(seed | 1);
        let enough = number("LAB_ODD_SECONDS").map(Duration::from_secs);
        let (start, least) = (Instant::now(), 4);
        for round in 0.. {
            if round >= least && enough.is_none_or(|enough| start.elapsed() > enough) {
                break;
            }
            let bytes = random.changed(&self.good);
            let text = bytes.escape_ascii().to_string();
            look(&format!("number {round} of LAB_ODD_SEED={seed}: {text}"), &Odd::Bytes(bytes));
        }
        assert!(faults.is_empty(), "{faults}");
    }

    /// What is wrong with how the command takes the file that is there now.
    fn fault(&self, lab: &Lab, dir: &Path) -> Option<String> {
        let program = lab.program("lab");
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -v {MEMORY}; {}", self.script)]);
        shell.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        shell.env("LAB", program.get_program()).env("DIR", dir).env("RUST_BACKTRACE", "0");
        let said = fs::File::create(dir.join("said")).unwrap();
        shell.stdin(Stdio::null()).stdout(said.try_clone().unwrap()).stderr(said);
        let mut child = shell.process_group(0).spawn().unwrap();
        let start = Instant::now();
        let status = loop {
            match child.try_wait().unwrap() {
                Some(status) => break status,
                None if start.elapsed() > DEADLINE => {
                    killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL).unwrap();
                    child.wait().unwrap();
                    return Some("it does not end".to_owned());
                }
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let said = String::from_utf8_lossy(&fs::read(dir.join("said")).unwrap()).into_owned();
        let is_fault = match status.code() {
            None | Some(101 | 129..) => true,
            Some(_) if said.len() > MOST_SAID => true,
            Some(_) => said.contains("panicked at") || said.contains("memory allocation of"),
        };
        let beginning = said.chars().take(500).collect::<String>();
        is_fault.then(|| format!("{status}, {} bytes: {beginning}", said.len()))
    }
}

/// Replaces what lies at a place.
fn put(odd: &Odd, place: &Path) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    match place.symlink_metadata() {
        Ok(found) if found.is_dir() => fs::remove_dir_all(place).unwrap(),
        Ok(_) => fs::remove_file(place).unwrap(),
        Err(_) => {}
    }
    match odd {
        Odd::Bytes(bytes) => fs::write(place, bytes).unwrap(),
        Odd::Directory => fs::create_dir(place).unwrap(),
        Odd::Fifo => mkfifo(place, Mode::S_IRWXU).unwrap(),
        Odd::Link("itself") => symlink(place, place).unwrap(),
        Odd::Link(target) => symlink(target, place).unwrap(),
    }
}

/// Numbers as of a die, by Marsaglia's xorshift: the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }

    /// A file with a few places changed, left out, doubled or put elsewhere.
    fn changed(&mut self, good: &[u8]) -> Vec<u8> {
        const WORDS: [&[u8]; 10] =
            [b"\0", b"\n", b"\xff", b"-1", b"[", b"\"", b"..", b"/", b"4294967296", b"{"];
        let mut bytes = good.to_vec();
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(12)).min(bytes.len());
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] = self.below(256).to_le_bytes()[0],
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let part = bytes[at..end].to_vec();
                    bytes.splice(at..at, part);
                }
                3 => bytes.truncate(at),
                _ => {
                    let word = WORDS[self.below(WORDS.len())];
                    bytes.splice(at..end, word.iter().copied());
                }
            }
        }
        bytes
    }
}

/// A copy of the image, of which one file will be odd.
fn image(lab: &Lab, dir: &Path) {
    let copied = Command::new("cp").arg("-a").arg(lab.image()).arg(dir.join("root")).status();
    assert!(copied.unwrap().success());
}

const PASSWD: &[u8] =
    b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\nnobody:x:65534:65534:::\n";
const GROUP: &[u8] = b"root:x:0:\napp:x:1000:\naudio:x:29:app,root\nnogroup:x:65534:\n";

#[test]
fn the_images_users() {
    let script = "\"$LAB\" run 1 --rootfs \"$DIR/root\" -u app -- true";
    Reader { file: "root/etc/passwd", found: Found::ByItself, good: PASSWD.into(), script }
        .try_all(image);
}

#[test]
fn the_images_groups() {
    let script = "\"$LAB\" run 1 --rootfs \"$DIR/root\" -u app:audio -- true";
    Reader { file: "root/etc/group", found: Found::ByItself, good: GROUP.into(), script }.try_all(
        |lab, dir| {
            image(lab, dir);
            fs::write(dir.join("root/etc/passwd"), PASSWD).unwrap();
        },
    );
}

#[test]
fn files_of_variables() {
    let good = b"# of the service\nPORT=80\nHOME\nGREETING=good day = 7\nEMPTY=\n".into();
    let script = "\"$LAB\" run 0 --env-file \"$DIR/env\" -- true";
    Reader { file: "env", found: Found::ByName, good, script }.try_all(|_, _| {});
}

#[test]
fn the_hosts_name_servers() {
    let good = b"# by hand\nsearch example.org\nnameserver 192.0.2.53\nnameserver 2001:db8::53\n\
                 nameserver 127.0.0.53\noptions ndots:2\n";
    let script = "unshare --mount --propagation private --net sh -c '
        mount --bind \"$DIR/etc\" /etc; exec \"$LAB\" run 5 -- true'";
    Reader { file: "etc/resolv.conf", found: Found::ByItself, good: good.into(), script }.try_all(
        |_, dir| {
            fs::create_dir(dir.join("etc")).unwrap();
            fs::write(dir.join("etc/passwd"), PASSWD).unwrap();
            fs::write(dir.join("etc/group"), GROUP).unwrap();
        },
    );
}

#[test]
fn seccomp_profiles() {
    let good = br#"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,
        "architectures":["SCMP_ARCH_X86_64"],"syscalls":[
        {"names":["read","write"],"action":"SCMP_ACT_ALLOW","args":[]},
        {"names":["personality"],"action":"SCMP_ACT_ALLOW",
         "args":[{"index":0,"value":8,"valueTwo":0,"op":"SCMP_CMP_EQ"}],
         "includes":{"caps":["CAP_SYS_ADMIN"],"minKernel":"4.8"}}]}"#;
    let script = "\"$LAB\" run 9 --network none --security-opt seccomp=\"$DIR/profile\" -- true
                  test $? != 159 # a profile may well kill what it is for";
    Reader { file: "profile", found: Found::ByName, good: good.into(), script }.try_all(|_, _| {});
}

/// Somewhere else, as what a record tells of is ended and removed.
const ELSEWHERE: &str = "export LAB_STATE_DIR=\"$DIR\"; set --
    exec unshare --mount --propagation private --pid --fork --mount-proc --net sh -c '
        umount -R /sys/fs/cgroup; \"$LAB\" view; a=$?; \"$LAB\" clean; b=$?
        \"$LAB\" run 0 -- true; c=$?; for code in $a $b $c; do test $code -lt 126 || exit $code; done'";

#[test]
fn the_record_of_a_container() {
    let good = br#"{"version":1,"id":"0123456789ab","name":"web","chapter":"chapter-07-overlay",
        "created":1764424522123,"process":{"pid":4194000,"tick":123456789,"boot":"0b6f"},
        "command":["sh","-c",{"base64":"Y2Fm6Q=="}]}"#;
    let file = "containers/0123456789ab/container.json";
    Reader { file, found: Found::ByItself, good: good.into(), script: ELSEWHERE }
        .try_all(|_, _| {});
}

#[test]
fn the_record_of_a_container_as_it_was_before() {
    let good = b"4194000\n123456789 0b6f\nchapter-07-overlay\nweb\nsh\0-c\0sleep 7\0".into();
    Reader { file: "0123456789ab/container", found: Found::ByItself, good, script: ELSEWHERE }
        .try_all(|_, _| {});
}

#[test]
fn the_record_of_a_cgroup() {
    let good = b"/sys/fs/cgroup/memory/lab-0123456789ab\n/sys/fs/cgroup/pids/lab-0123456789ab\n";
    Reader {
        file: "containers/0123456789ab/cgroup",
        found: Found::ByItself,
        good: good.into(),
        script: ELSEWHERE,
    }
    .try_all(|_, _| {});
}

#[test]
fn the_record_of_a_network() {
    Reader {
        file: "containers/0123456789ab/network",
        found: Found::ByItself,
        good: b"nft".into(),
        script: ELSEWHERE,
    }
    .try_all(|_, _| {});
}

#[test]
fn the_record_of_a_layer() {
    Reader {
        file: "containers/0123456789ab/overlay",
        found: Found::ByItself,
        good: b"upper".into(),
        script: ELSEWHERE,
    }
    .try_all(|_, _| {});
}

/// A course of one prediction, and a learner's copy of it.
fn course(lab: &Lab, dir: &Path) {
    let exercises = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../exercises");
    let chapter = dir.join("course/03-mount-ns");
    fs::create_dir_all(&chapter).unwrap();
    for name in ["03-mount-ns/mount-tables", "README.md"] {
        let to = dir.join("course").join(name);
        let copied = Command::new("cp").arg("-a").arg(exercises.join(name)).arg(to).status();
        assert!(copied.unwrap().success());
    }
    let mut init = lab.program("lab");
    init.args(["exercise", "init"]).arg(dir.join("copy"));
    let init = harness::ran(init.env("LAB_COURSE_DIR", dir.join("course")).output().unwrap());
    assert_eq!(init.code, 0, "{init:?}");
}

/// A file of the course's prediction.
fn of_the_course(name: &str) -> Vec<u8> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../exercises/03-mount-ns");
    fs::read(dir.join("mount-tables").join(name)).unwrap()
}

const LIST: &str = "cd \"$DIR/copy\"; export LAB_COURSE_DIR=\"$DIR/course\"
    for words in list 'start mount-tables' 'hint mount-tables' 'explain mount-tables'; do
        \"$LAB\" exercise $words; code=$?; test $code -lt 126 || exit $code
    done";
const CHECK: &str = "cd \"$DIR/copy\"; export LAB_COURSE_DIR=\"$DIR/course\"
    exec \"$LAB\" exercise check mount-tables";

#[test]
fn what_an_exercise_says_of_itself() {
    let good = of_the_course("exercise.toml");
    let file = "course/03-mount-ns/mount-tables/exercise.toml";
    Reader { file, found: Found::ByItself, good, script: LIST }.try_all(course);
}

#[test]
fn the_hints_of_an_exercise() {
    let good = of_the_course("hints.md");
    let file = "course/03-mount-ns/mount-tables/hints.md";
    Reader { file, found: Found::ByItself, good, script: LIST }.try_all(course);
}

#[test]
fn the_check_of_an_exercise() {
    let good = of_the_course("check.toml");
    let file = "course/03-mount-ns/mount-tables/check.toml";
    Reader { file, found: Found::ByItself, good, script: CHECK }.try_all(course);
}

#[test]
fn a_learners_prediction() {
    let good = of_the_course("starter/prediction.toml");
    let file = "copy/03-mount-ns/mount-tables/prediction.toml";
    Reader { file, found: Found::ByItself, good, script: CHECK }.try_all(course);
}

#[test]
fn how_far_a_learner_is() {
    let good = b"current = \"mount-tables\"\n[exercises.mount-tables]\nsolved = true\npoints = 2\n\
                 attempts = 3\nhints = 1\nsolution_seen = false\n";
    Reader {
        file: "copy/.lab/progress.toml",
        found: Found::ByItself,
        good: good.into(),
        script: LIST,
    }
    .try_all(course);
}

#[test]
fn the_seeds_of_a_class() {
    let good = b"copy = 7\n\"other one\" = 18446744073709551615\n".into();
    let script = "export LAB_COURSE_DIR=\"$DIR/course\"
                  exec \"$LAB\" grade --seeds \"$DIR/seeds.toml\" --jobs 1 \"$DIR/nothing\"";
    Reader { file: "seeds.toml", found: Found::ByName, good, script }.try_all(|lab, dir| {
        course(lab, dir);
        fs::create_dir(dir.join("nothing")).unwrap();
    });
}

#[test]
fn a_report_to_be_merged() {
    let good = br#"{"seed":7,"submissions":[{"name":"anna","points":1,"of":2,"exercises":[
        {"name":"mount-tables","result":"failed","points":0,"of":2,"seconds":1.5}]}]}"#;
    let script = "exec \"$LAB\" grade --merge \"$DIR/report.json\"";
    Reader { file: "report.json", found: Found::ByName, good: good.into(), script }
        .try_all(|_, _| {});
}

#[test]
fn the_index_of_images() {
    let script = "export LAB_CACHE_DIR=\"$DIR\" LAB_ROOTFS_FROM=host; exec \"$LAB\" rootfs --json";
    let good = b"0123456789abcdef\n0123456789abcdef\n1234 1700000000 /usr/bin/env\n".into();
    Reader { file: "rootfs/host.index", found: Found::AmongOurs, good, script }.try_all(|_, _| {});
}
