//! Exercises as a learner does them, and programs that no learner should write.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;

use harness::terminal::{self, on_terminal};
use harness::{Lab, Ran, cache_dir, kernel, programs, ran, scratch, skip};
use tempfile::TempDir;

/// A learner with a copy of the exercises.
pub struct Learner {
    pub lab: Lab,
    pub copy: TempDir,
}

impl Learner {
    pub fn new() -> Self {
        let copy = scratch::directory();
        let learner = Self { lab: Lab::new(), copy };
        learner.lab.lab(["exercise", "init", learner.dir().to_str().unwrap()]).ok();
        learner
    }

    /// One who checks programs: `None` without the right to, and without a compiler.
    pub fn with_kit() -> Option<Self> {
        let learner = skip::is_root().then(Self::new)?;
        // The libraries are built once, which takes longer than any test may.
        static BUILT: Once = Once::new();
        BUILT.call_once(|| drop(learner.run(&["check", "zombies"])));
        Some(learner)
    }

    pub fn dir(&self) -> PathBuf {
        self.copy.path().join("copy")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.lab.program("lab");
        command.arg("exercise").args(args).current_dir(self.dir());
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().expect("lab starts"))
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::write(self.dir().join(file), text).unwrap();
    }

    /// An init for the exercise `zombies`, whose life is this.
    fn write_init(&self, life: &str) {
        let starter = fs::read_to_string(course().join("02-pid-ns/zombies/starter/init.rs"));
        let starter = starter.unwrap();
        let (before, _) = starter.split_once("    loop {").unwrap();
        self.write(
            "02-pid-ns/zombies/src/init.rs",
            &format!("{before}    let _ = command;\n{life}\n}}\n"),
        );
    }
}

pub fn course() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("exercises")
}

pub fn solution(of: &str) -> String {
    fs::read_to_string(course().join(of)).unwrap()
}

#[test]
fn a_learner_gets_from_the_first_task_to_the_explanation() {
    let Some(learner) = Learner::with_kit() else { return };
    let task = learner.run(&["next"]).ok();
    assert!(task.contains("lab exercise check"), "{task}");
    let task = learner.run(&["start", "pivot"]).ok();
    assert!(task.contains("## Done means") && task.contains("src/pivot.rs"), "{task}");
    assert!(task.lines().count() <= 40, "more than a screen: {task}");

    let failed = learner.run(&["check"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    for word in ["looked at", "expected", "found", "not yet implemented"] {
        assert!(failed.stdout.contains(word), "{word} is missing: {failed:?}");
    }
    assert_eq!(learner.run(&["explain"]).code, 125);

    learner
        .write("03-mount-ns/pivot/src/pivot.rs", &solution("03-mount-ns/pivot/solution/pivot.rs"));
    let passed = learner.run(&["check"]).ok();
    assert!(passed.contains("pivot: passed"), "{passed}");
    assert!(learner.run(&["explain"]).ok().contains("MNT_DETACH"));
    let list = learner.run(&["list"]).ok();
    assert!(list.contains("✓ pivot"), "{list}");
}

#[test]
fn what_does_not_compile_is_shown_as_the_compiler_says_it() {
    let Some(learner) = Learner::with_kit() else { return };
    learner.write("03-mount-ns/pivot/src/pivot.rs", "pub fn pivot() { nonsense }\n");
    let failed = learner.run(&["check", "pivot"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    assert!(failed.stdout.contains("--> src/pivot.rs:1:"), "{failed:?}");
}

#[test]
fn hints_come_one_by_one_and_the_solution_is_noted() {
    let learner = Learner::new();
    let first = learner.run(&["hint", "pivot"]).ok();
    let second = learner.run(&["hint"]).ok();
    assert!(first.contains("hint 1 of 4") && second.contains("hint 2 of 4"), "{first}{second}");
    assert!(!first.contains(second.lines().nth(2).unwrap()));

    let refused = learner.run(&["solution"]);
    assert!(refused.stderr.contains("--yes"), "{refused:?}");
    let solution = learner.run(&["solution", "--yes"]).ok();
    assert!(solution.contains("-     todo!()"), "{solution}");
    assert!(learner.run(&["list"]).ok().contains("(solution seen)"));
}

#[test]
fn a_copy_has_no_answers_in_it() {
    let learner = Learner::new();
    let given_away = "pivot_root\\(\"|explanation|\\[\\[case";
    let grep = Command::new("grep").args(["-rlE", given_away]).arg(learner.dir()).output();
    let found = ran(grep.unwrap());
    assert_eq!(found.stdout, "");
    assert_eq!(learner.lab.lab(["exercise", "init", learner.dir().to_str().unwrap()]).code, 125);
    let elsewhere = learner.lab.lab(["exercise", "next"]);
    assert!(elsewhere.stderr.contains("this is not a copy of the exercises"), "{elsewhere:?}");
}

#[test]
fn a_check_that_asks_for_what_does_not_exist_is_found_by_reading() {
    let mut learner = Learner::new();
    let course = learner.copy.path().join("course");
    let copied = Command::new("cp").arg("-r").arg(self::course()).arg(&course).status();
    assert!(copied.unwrap().success());
    learner.lab.set_env("LAB_COURSE_DIR", &course);
    for (exercise, right, wrong, said) in [
        ("04-uts-ipc/whose-name", "\"hostname\"", "\"hostnam\"", "no look \"hostnam\""),
        ("04-uts-ipc/two-names", "{other}", "{othre}", "no value {othre}"),
        ("00-process/secret", "\"name\"", "\"nmae\"", "of the kind \"nmae\""),
    ] {
        let file = course.join(exercise).join("check.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace(right, wrong)).unwrap();
        let name = exercise.split_once('/').unwrap().1;
        let failed = learner.run(&["check", name]);
        assert_eq!(failed.code, 125, "{failed:?}");
        assert!(failed.stderr.contains(said), "{failed:?}");
    }
}

#[test]
fn the_shell_is_told_where_lab_is_unless_it_knows() {
    let learner = Learner::new();
    let init = |name: &str| {
        let mut command = learner.command(&["init"]);
        command.arg(learner.copy.path().join(name)).env("PATH", "/usr/bin:/bin");
        command
    };
    let said = ran(init("first").output().unwrap()).ok();
    let line = format!("export PATH=\"{}:$PATH\"", programs().display());
    assert!(said.contains(&line), "{said}");
    let known = init("second").env("PATH", programs()).output();
    assert!(!ran(known.unwrap()).ok().contains("export"));
}

#[test]
fn an_update_brings_what_is_new_and_keeps_what_was_written() {
    let mut learner = Learner::new();
    let course = learner.copy.path().join("course");
    let copied = Command::new("cp").arg("-r").arg(self::course()).arg(&course).status();
    assert!(copied.unwrap().success());
    learner.lab.set_env("LAB_COURSE_DIR", &course);
    assert_eq!(learner.run(&["update"]).ok(), "nothing is new\n");

    learner.write("03-mount-ns/pivot/src/pivot.rs", "// mine\n");
    for file in ["03-mount-ns/pivot/starter/pivot.rs", "02-pid-ns/zombies/starter/init.rs"] {
        let text = fs::read_to_string(course.join(file)).unwrap();
        fs::write(course.join(file), format!("// new\n{text}")).unwrap();
    }
    let said = learner.run(&["update"]).ok();
    assert!(said.contains("replaced  02-pid-ns/zombies/src/init.rs"), "{said}");
    assert!(said.contains("src/pivot.rs.new"), "{said}");
    let read = |name: &str| fs::read_to_string(learner.dir().join(name)).unwrap();
    assert_eq!(read("03-mount-ns/pivot/src/pivot.rs"), "// mine\n");
    assert!(read("03-mount-ns/pivot/src/pivot.rs.new").starts_with("// new\n"));
    assert!(read("02-pid-ns/zombies/src/init.rs").starts_with("// new\n"));
    assert_eq!(learner.run(&["update"]).ok(), "nothing is new\n");

    learner.run(&["reset", "pivot", "--yes"]).ok();
    assert_eq!(read("03-mount-ns/pivot/src/pivot.rs.orig"), "// mine\n");
}

/// Checks an init with this life, which must fail, and returns what was said.
fn failing(learner: &Learner, life: &str) -> String {
    learner.write_init(life);
    let failed = learner.run(&["check", "zombies"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    failed.stdout
}

#[test]
fn a_program_that_never_ends_or_forks_for_ever_ends_with_a_word_about_it() {
    let Some(mut learner) = Learner::with_kit() else { return };
    // A program that never ends need not be waited for as long as one that is slow.
    let file = "02-pid-ns/zombies/check.toml";
    let check = fs::read_to_string(course().join(file)).unwrap();
    course_with(&mut learner, file, &check.replace("[[case]]\n", "[[case]]\nseconds = 2\n"));
    let said = failing(&learner, "    loop { std::hint::spin_loop() }");
    assert!(said.contains("the program still runs"), "{said}");
    let said = failing(&learner, "    loop { let _ = unsafe { fork() }; }");
    assert!(said.contains("more and more of them"), "{said}");
}

#[test]
fn printing_what_is_expected_does_not_pass() {
    let Some(learner) = Learner::with_kit() else { return };
    let said = failing(&learner, "    println!(\"passed\");\n    exit_now(0)");
    assert!(said.contains("the exit code of the program"), "{said}");
}

#[test]
fn a_program_finds_neither_the_course_nor_the_host() {
    let Some(learner) = Learner::with_kit() else { return };
    let secret = course().join("02-pid-ns/zombies/solution/init.rs");
    // Neither while it is compiled …
    let said = failing(&learner, &format!("    include!({secret:?})"));
    assert!(said.contains("couldn't read"), "{said}");
    // … nor while it runs: it is in the root of its container, whose parent is the host's.
    let look = format!(
        "    for path in [{secret:?}, \"/home\", \"/root/.cargo\", \"/etc/shadow\"] {{\n\
         let host = format!(\"/proc/1/root{{path}}\");\n\
         if std::path::Path::new(&host).exists() {{ eprintln!(\"found {{path}}\") }}\n}}\n\
         eprintln!(\"looked around\");\n    exit_now(0)"
    );
    let said = failing(&learner, &look);
    assert!(said.contains("looked around") && !said.contains("found /"), "{said}");
}

#[test]
fn an_observation_is_made_on_containers_nobody_knows() {
    let Some(learner) = Learner::with_kit() else { return };
    observation(&learner);
    // A learner who begins again gets another container, in the place of the first.
    let pid = observation(&learner);
    assert!(Path::new(&format!("/proc/{pid}/ns/uts")).exists());
    let answer = "04-uts-ipc/whose-name/answer.sh";
    learner.write(answer, &solution("04-uts-ipc/whose-name/solution/answer.sh"));
    learner.run(&["check"]).ok();
    harness::eventually("the container ends with the check", || learner.lab.ids().is_empty());
}

/// The course, with other text in one of its files.
fn course_with(learner: &mut Learner, file: &str, text: &str) {
    let course = learner.copy.path().join("course");
    let copied = Command::new("cp").arg("-r").arg(self::course()).arg(&course).status();
    assert!(copied.unwrap().success());
    fs::write(course.join(file), text).unwrap();
    learner.lab.set_env("LAB_COURSE_DIR", &course);
}

#[test]
fn a_script_finds_nothing_of_the_runtime_beside_the_container() {
    let Some(learner) = Learner::with_kit() else { return };
    // The brackets keep the search from finding itself.
    let search = "#!/bin/sh\n\
        { cat /proc/*/cmdline /proc/*/environ; find /run /work /tmp -type f -exec cat {} +; } |\n\
        tr '\\0' '\\n' | grep -a -c -e '[-]-hostname' -e '[c]hapter-04'\n\
        for lab in lab /work/program /proc/[0-9]*/exe; do $lab view --pid $1; done\n";
    learner.write("04-uts-ipc/whose-name/answer.sh", search);
    let failed = learner.run(&["check", "whose-name"]);
    assert_eq!(failed.code, 1, "{failed:?}");
    let found = failed.stdout.lines().find(|line| line.contains("found  "));
    assert_eq!(found.and_then(|line| line.split_whitespace().nth(1)), Some("0"), "{failed:?}");
    assert!(!failed.stdout.contains("host name"), "{failed:?}");
}

#[test]
fn what_is_right_for_one_container_only_does_not_pass() {
    let Some(mut learner) = Learner::with_kit() else { return };
    let file = "03-mount-ns/behind-the-volume/check.toml";
    let check = solution(file);
    let line = check.lines().find(|line| line.starts_with("dir = ")).unwrap();
    let check = check.replace(line, "dir = { one_of = [\"/etc\", \"/mnt\"] }");
    course_with(&mut learner, file, &check);
    learner.write("03-mount-ns/behind-the-volume/answer.sh", "echo /etc\n");
    for _ in 0..10 {
        assert_eq!(learner.run(&["check", "behind-the-volume"]).code, 1);
    }
}

#[test]
fn a_containers_process_is_the_oldest_of_those_with_its_words() {
    let Some(mut learner) = Learner::with_kit() else { return };
    // A shell's children have its words, and are everybody's orphans.
    let check = "[observe]\n\
        run = [\"chapter-02\", \"--init\", \"--\", \"sh\", \"-c\", \"for i in 1 2 3 4 5 6 7 8; do \
        (while true; do sleep 9; done &); done; while true; do sleep 9; done\", \"{forever}\"]\n\
        look = \"pid\"\n";
    course_with(&mut learner, "02-pid-ns/two-pids/check.toml", check);
    learner.write("02-pid-ns/two-pids/answer.sh", "echo 2\n");
    for _ in 0..6 {
        learner.run(&["check", "two-pids"]).ok();
    }
}

#[test]
fn the_ends_of_lines_and_a_byte_order_mark_are_not_the_learners() {
    let Some(learner) = Learner::with_kit() else { return };
    let windows = |text: &str| text.replace('\n', "\r\n");
    for (file, answer) in [
        ("00-process/secret/answer.sh", "00-process/secret/solution/answer.sh"),
        ("08-user-ns/outside-id/answer.sh", "08-user-ns/outside-id/solution/answer.sh"),
        ("02-pid-ns/zombies/src/init.rs", "02-pid-ns/zombies/solution/init.rs"),
    ] {
        let name = file.split('/').nth(1).unwrap();
        for begin in ["", "\u{feff}"] {
            learner.write(file, &format!("{begin}{}", windows(&solution(answer))));
            learner.run(&["check", name]).ok();
        }
    }
}

#[test]
fn a_copy_of_which_only_the_ends_of_lines_were_changed_is_not_begun() {
    let Some(learner) = Learner::with_kit() else { return };
    let convert = "find . -type f -exec sed -i 's/$/\\r/' {} +";
    let converted = Command::new("sh").args(["-c", convert]).current_dir(learner.dir()).status();
    assert!(converted.unwrap().success());
    let graded = learner.lab.lab(["grade", learner.dir().to_str().unwrap()]);
    assert!(
        graded.stdout.contains(" 0 passed, 0 failed,")
            || graded.stdout.contains("0 exercises passed, 0 failed,"),
        "{graded:?}"
    );
    assert_eq!(learner.run(&["update"]).ok(), "nothing is new\n");
}

/// Starts an observation, and returns its container's first process.
fn observation(learner: &Learner) -> i32 {
    let started = learner.run(&["start", "whose-name"]).ok();
    let line =
        started.lines().find(|line| line.starts_with("The container runs")).expect("a number");
    line.split(' ').find_map(|word| word.parse().ok()).expect("a number")
}

#[test]
fn what_a_test_has_started_ends_with_it_also_when_it_fails() {
    let Some(learner) = Learner::with_kit() else { return };
    let mut pid = 0;
    let failed = catch_unwind(AssertUnwindSafe(|| {
        let learner = learner;
        pid = observation(&learner);
        resume_unwind(Box::new("it fails"));
    }));
    assert!(failed.is_err());
    harness::eventually("the container ends", || !kernel::is_alive(pid));
}

#[test]
fn watching_checks_at_each_save_until_q() {
    let Some(learner) = Learner::with_kit() else { return };
    let mut terminal = on_terminal(learner.command(&["watch", "pivot"]));
    terminal.expect("not yet implemented");
    terminal.expect("q quit");
    learner
        .write("03-mount-ns/pivot/src/pivot.rs", &solution("03-mount-ns/pivot/solution/pivot.rs"));
    terminal.expect("passed");
    terminal.expect("q quit");
    terminal.send("h");
    terminal.expect("hint");
    terminal.expect("q quit");
    terminal.send("q");
    terminal.expect_end();
}

#[test]
fn watching_ends_when_its_terminal_is_closed() {
    let Some(learner) = Learner::with_kit() else { return };
    let (mut terminal, open) = terminal::pair();
    let end = || Stdio::from(open());
    let mut command = learner.command(&["watch", "whose-name"]);
    command.stdin(end()).stdout(end()).stderr(end());
    let mut watch = command.spawn().expect("lab starts");
    drop(command);
    kernel::read_until(&mut terminal, "q quit").expect("the keys");
    drop(terminal);
    harness::eventually("it ends", || watch.try_wait().expect("our child").is_some());
}

/// Runs its arguments as an ordinary user, who can read the directories named in
/// `$READABLE` wherever they are: also those that only root can reach.
const AS_SOMEBODY: &str = r#"
set -e
mount -t tmpfs staging /mnt
number=0
for path in $READABLE; do
    number=$((number + 1)); mkdir /mnt/$number; mount --rbind "$path" /mnt/$number
done
number=0
for path in $READABLE; do
    number=$((number + 1)); top=/${path#/}; top=/$(echo "${top#/}" | cut -d/ -f1)
    case $(stat -c %A "$top") in *x|*t) ;; *) mount -t tmpfs -o mode=755 open "$top" ;; esac
    mkdir -p "$path"; mount --rbind /mnt/$number "$path"
done
umount -R -l /mnt
exec setpriv --reuid 61235 --regid 61235 --clear-groups "$@"
"#;

/// A program that an ordinary user will run, whose home is this; there, the libraries of
/// the exercises are ready, which this user could not build.
pub fn as_somebody(program: &Path, home: &Path) -> Command {
    let sysroot = ran(Command::new("rustc").args(["--print", "sysroot"]).output().unwrap()).ok();
    let readable = [
        sysroot.trim().to_owned(),
        course().parent().unwrap().display().to_string(),
        programs().parent().unwrap().display().to_string(),
        home.display().to_string(),
    ];
    let cache = home.join("cache");
    fs::create_dir_all(cache.join("kit")).unwrap();
    fs::copy(cache_dir().join("kit/index"), cache.join("kit/index")).unwrap();
    // Root's libraries, which are closed to others, are shown to this one.
    for dir in [cache_dir(), cache_dir().join("kit")] {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let owned = Command::new("chown").args(["-R", "61235:61235"]).arg(home).status();
    assert!(owned.unwrap().success());
    let mut command = Command::new("unshare");
    command
        .args(["-m", "--propagation", "private", "sh", "-c", AS_SOMEBODY, "sh"])
        .arg(program)
        .current_dir(home)
        .env("READABLE", readable.join(" "))
        .env("HOME", home)
        .env("LAB_CACHE_DIR", &cache)
        .env("LAB_STATE_DIR", home.join("state"))
        .env_remove("CI")
        .stdin(Stdio::null());
    command
}

#[test]
fn an_ordinary_user_solves_them_too() {
    let Some(learner) = Learner::with_kit() else { return };
    for (exercise, file) in [
        ("03-mount-ns/pivot", "src/pivot.rs"),
        ("09-security/bounding-set", "src/bounding.rs"),
        ("00-process/secret", "answer.sh"),
        ("04-uts-ipc/whose-name", "answer.sh"),
        ("05-net-ns/address", "answer.sh"),
        ("07-overlay/upper-directory", "answer.sh"),
        ("10-enter/join", "src/enter.rs"),
        ("10-enter/no-more-power", "src/powers.rs"),
        ("10-enter/copy-out", "src/open.rs"),
        ("10-enter/still-the-same", "src/enter.rs"),
        ("10-enter/who-came-in", "answer.sh"),
        ("11-lifecycle/detach", "src/detach.rs"),
        ("11-lifecycle/lost-exit-status", "src/life.rs"),
        ("11-lifecycle/stale-pid", "src/stop.rs"),
    ] {
        let answer = Path::new(file).file_name().unwrap().to_str().unwrap();
        let answer = solution(&format!("{exercise}/solution/{answer}"));
        learner.write(&format!("{exercise}/{file}"), &answer);
        let name = exercise.split_once('/').unwrap().1;
        let mut command = as_somebody(&programs().join("lab"), learner.copy.path());
        command.args(["exercise", "check", name]).current_dir(learner.dir());
        let said = ran(command.output().unwrap()).ok();
        assert!(said.contains(&format!("{name}: passed")), "{said}");
    }
}
