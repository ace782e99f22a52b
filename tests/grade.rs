//! `lab grade`: whether its marks are right, and whoever wants more than marks gets none.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::kernel::{self, wait_for};
use harness::{Lab, Ran, programs, ran, scratch, skip};
use serde_json::Value;
use tempfile::TempDir;

use crate::exercises::{as_somebody, course, solution};

/// Exercises of this test's submissions, by the paths of the files to be written.
const ZOMBIES: (&str, &str) =
    ("02-pid-ns/zombies/src/init.rs", "02-pid-ns/zombies/solution/init.rs");
const PIVOT: (&str, &str) =
    ("03-mount-ns/pivot/src/pivot.rs", "03-mount-ns/pivot/solution/pivot.rs");
const OBSERVED: (&str, &str) =
    ("04-uts-ipc/whose-name/answer.sh", "04-uts-ipc/whose-name/solution/answer.sh");
const LIMITED: &str = "06-cgroups/pids-limit/answer.sh";
const PREDICTED: &str = "04-uts-ipc/two-names/prediction.toml";

/// A class that has handed in.
struct Class {
    lab: Lab,
    dir: TempDir,
}

impl Class {
    /// `None` without the right to make sandboxes.
    fn new() -> Option<Self> {
        let is_root = skip::is_root();
        is_root.then(|| Self { lab: Lab::new(), dir: scratch::directory() })
    }

    /// The directory of one that has been handed in, with nothing done yet.
    fn submit(&self, name: &str, seed: u64) -> PathBuf {
        let dir = self.dir.path().join(name);
        let (seed, path) = (seed.to_string(), dir.to_str().unwrap());
        self.lab.lab(["exercise", "init", "--seed", &seed, path]).ok();
        dir
    }

    /// One with this answer to `pivot`.
    fn submit_pivot(&self, name: &str, text: &str) -> PathBuf {
        let dir = self.submit(name, 1);
        fs::write(dir.join(PIVOT.0), text).unwrap();
        dir
    }

    /// One who has solved all four.
    fn submit_solved(&self, name: &str, seed: u64) -> PathBuf {
        let dir = self.submit(name, seed);
        for (place, answer) in [ZOMBIES, PIVOT, OBSERVED] {
            fs::write(dir.join(place), solution(answer)).unwrap();
        }
        predict(&dir);
        dir
    }

    fn grade(&self, args: &[&str]) -> Ran {
        let mut command = self.lab.program("lab");
        command.arg("grade").args(args).current_dir(self.dir.path());
        ran(command.output().expect("lab starts"))
    }

    /// A report by programs of which none may use more than so many seconds of processor time.
    fn json_in_seconds(&self, seconds: u32, args: &[&str]) -> Value {
        let lab = self.lab.program("lab");
        let script = format!("ulimit -t {seconds}; exec \"$0\" grade --format json \"$@\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script]).arg(lab.get_program()).args(args).current_dir(self.dir.path());
        shell.envs(lab.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let text = ran(shell.output().expect("sh starts")).ok();
        serde_json::from_str(&text).expect("JSON")
    }

    fn json(&self, args: &[&str]) -> Value {
        let text = self.grade(&[args, &["--format", "json"]].concat()).ok();
        serde_json::from_str(&text).expect("JSON")
    }
}

/// The hostile submission that the compiler alone is busy with.
const BUSY: &str = "compiles-for-ever";

/// Fills in the right predictions for the values that this copy was made with.
fn predict(dir: &Path) {
    let starter = fs::read_to_string(dir.join(PREDICTED)).unwrap();
    let word_after = |text: &str| {
        let rest = starter.split_once(text).expect("a command").1;
        rest.split([';', ' ']).next().unwrap().to_owned()
    };
    let right = solution("04-uts-ipc/two-names/solution/prediction.toml")
        .replace("{name}", &word_after("sh -c 'hostname "))
        .replace("{other}", &word_after("--hostname "));
    fs::write(dir.join(PREDICTED), right).unwrap();
}

/// The sheet of a submission.
fn sheet<'a>(report: &'a Value, name: &str) -> &'a Value {
    let sheets = report["submissions"].as_array().expect("submissions");
    sheets.iter().find(|sheet| sheet["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// Its mark for an exercise.
fn mark<'a>(report: &'a Value, submission: &str, exercise: &str) -> &'a Value {
    let marks = sheet(report, submission)["exercises"].as_array().expect("exercises");
    marks.iter().find(|mark| mark["name"] == exercise).expect("an exercise")
}

const FOUR: [&str; 2] = ["--exercise", "zombies,pivot,two-names,whose-name"];

#[test]
fn marks_are_for_what_holds_and_a_broken_submission_is_a_row() {
    let Some(class) = Class::new() else { return };
    class.submit_solved("anna", 4);
    class.submit("ben", 5);
    class.submit_pivot("clara", "pub fn pivot() { nonsense }\n");
    fs::create_dir(class.dir.path().join("empty")).unwrap();
    let all = ["anna", "ben", "clara", "empty"];
    let same = [&FOUR[..], &["--seed", "7", "--no-times"], &all].concat();

    let report = class.json(&same);
    assert_eq!(report["seed"], 7);
    let anna = sheet(&report, "anna");
    assert_eq!((&anna["points"], &anna["of"]), (&9.into(), &9.into()), "{anna:#}");
    let ben = sheet(&report, "ben");
    assert_eq!(ben["points"], 0);
    assert!(ben["exercises"].as_array().unwrap().iter().all(|it| it["result"] == "not begun"));
    let why = mark(&report, "clara", "pivot")["why"].as_str().unwrap();
    assert!(why.starts_with("error"), "{why}");
    let error = sheet(&report, "empty")["error"].as_str().unwrap();
    assert!(error.starts_with("it is not a copy of the exercises"), "{error}");

    assert_eq!(report, class.json(&same), "a seed must give the same report again");

    fs::write(class.dir.path().join("report.json"), report.to_string()).unwrap();
    let merged = |format| class.grade(&["--merge", "report.json", "--format", format]).ok();
    let table = merged("table");
    assert!(table.contains("anna          9/9"), "{table}");
    assert!(table.contains("4 submissions: 4 exercises passed, 1 failed, 7 not begun"), "{table}");
    let rows: Vec<String> = merged("csv").lines().map(str::to_owned).collect();
    let is_same = |row: &str, columns: &str| row.trim_end() == columns;
    assert!(is_same(&rows[0], "name,points,of,zombies,pivot,two-names,whose-name,error"));
    assert!(is_same(&rows[1], "anna,9,9,3,4,1,1,"), "{rows:?}");
    assert!(is_same(&rows[3], "clara,0,9,,0,,,"), "{rows:?}");
    let junit = merged("junit");
    assert!(
        junit.contains(r#"<testsuite name="clara" tests="4" failures="1" errors="0" skipped="3">"#)
    );
    assert!(junit.ends_with("</testsuites>\n"), "{junit}");
}

#[test]
fn reports_of_several_machines_are_merged_unless_one_was_graded_twice() {
    let Some(class) = Class::new() else { return };
    for name in ["anna", "ben", "clara"] {
        class.submit(name, 1);
    }
    // As the workflow files do it.
    let part = course().join("workflows/grade-part.sh");
    for index in ["0", "1"] {
        let out = class.dir.path().join(format!("{index}.json"));
        let mut command = Command::new(&part);
        command
            .args([index, "2"])
            .arg(class.dir.path())
            .arg(&out)
            .env("SEED", "3")
            .env("LAB", programs().join("lab"))
            .env("LAB_CACHE_DIR", harness::cache_dir())
            .env("LAB_STATE_DIR", class.lab.state_dir());
        ran(command.output().unwrap()).ok();
    }
    // A seed that somebody has typed would be one that learners know.
    let mut command = Command::new(&part);
    command.args(["0", "2", ".", "none.json"]).env_remove("SEED").env("LAB", "true");
    let unseeded = ran(command.output().unwrap());
    assert!(unseeded.code != 0 && unseeded.stderr.contains("SEED"), "{unseeded:?}");
    for file in ["github-matrix.yml", "gitlab-ci.yml", "kubernetes-job.yaml"] {
        let text = fs::read_to_string(course().join("workflows").join(file)).unwrap();
        assert!(text.contains("SEED") && text.contains("shuf -n 1"), "{file}");
    }
    let merged = class.json(&["--merge", "0.json", "1.json"]);
    let names: Vec<_> = merged["submissions"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 3);
    assert_eq!(merged["seed"], 3);
    let twice = class.grade(&["--merge", "0.json", "1.json", "0.json"]);
    assert_eq!(twice.code, 125, "{twice:?}");
    assert!(twice.stderr.contains("anna was graded twice"), "{twice:?}");
}

#[test]
fn a_teacher_can_keep_other_checks() {
    let Some(class) = Class::new() else { return };
    class.submit_solved("anna", 1);
    let checks = class.dir.path().join("checks/zombies");
    fs::create_dir_all(checks.join("snapshots")).unwrap();
    let snapshot = "---\nsource: x\n---\nthis is {word}\n";
    fs::write(checks.join("snapshots/said.snap"), snapshot).unwrap();
    let check = "[values]\nword = \"name\"\n[[case]]\nabout = \"it says the word\"\n\
                 run = [\"--rootfs\", \"{image}\", \"--\", \"echo\", \"this is {word}\"]\n\
                 snapshot = \"said\"\n";
    fs::write(checks.join("check.toml"), check).unwrap();
    let grade = || class.json(&["--exercise", "zombies,pivot", "--checks", "checks", "anna"]);
    assert_eq!(sheet(&grade(), "anna")["points"], 7);
    fs::write(checks.join("check.toml"), check.replace("\"this is", "\"that is")).unwrap();
    let report = grade();
    let why = mark(&report, "anna", "zombies")["why"].as_str().unwrap();
    assert!(why.contains("it says the word: expected this is {word}"), "{why}");
    assert_eq!(mark(&report, "anna", "pivot")["result"], "passed");
}

#[test]
fn a_prediction_for_another_seed_earns_nothing() {
    let Some(class) = Class::new() else { return };
    let exercise = ["--exercise", "two-names"];
    let anna = class.submit_solved("anna", 1);
    let ben = class.submit_solved("ben", 2);
    // The neighbour's answers, and the neighbour's seed to go with them.
    fs::copy(anna.join(PREDICTED), ben.join(PREDICTED)).unwrap();
    let report = class.json(&[&exercise[..], &["anna", "ben"]].concat());
    assert_eq!(sheet(&report, "anna")["points"], 1);
    assert_eq!(sheet(&report, "ben")["points"], 0);
    let notes = ben.join(".lab/course.toml");
    let text = fs::read_to_string(&notes).unwrap();
    fs::write(&notes, text.replace("seed = 2", "seed = 1")).unwrap();
    let report = class.json(&[&exercise[..], &["ben"]].concat());
    let why = mark(&report, "ben", "two-names")["why"].as_str().unwrap();
    assert!(why.contains("were not handed out with the seed"), "{why}");

    // A whole copy made with that seed is only told by the teacher's own list.
    fs::remove_dir_all(&ben).unwrap();
    class.submit_solved("ben", 1);
    fs::write(class.dir.path().join("seeds.toml"), "anna = 1\nben = 2\n").unwrap();
    let listed = [&exercise[..], &["--seeds", "seeds.toml", "anna", "ben"]].concat();
    let report = class.json(&listed);
    assert_eq!(sheet(&report, "anna")["points"], 1);
    assert_eq!(sheet(&report, "ben")["points"], 0);
}

/// The hostile answers to an exercise, by name.
fn hostile(exercise: &str) -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile").join(exercise);
    let answers = fs::read_dir(dir).unwrap().flatten().map(|entry| {
        let name = entry.path().file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(entry.path()).unwrap())
    });
    answers.collect()
}

/// One number for all that must not be changed by anybody.
fn checksum(dirs: &[&Path]) -> String {
    let script = r#"find "$@" -type f | sort | xargs -d '\n' cksum"#;
    let output = Command::new("sh").args(["-c", script, "sh"]).args(dirs).output();
    ran(output.unwrap()).ok()
}

#[test]
fn a_hostile_submission_earns_nothing_and_harms_nothing() {
    let Some(class) = Class::new() else { return };
    let honest = class.submit_solved("honest", 1);
    let mut names = Vec::new();
    for (name, text) in hostile("pivot") {
        let text = text
            .replace("@COURSE@", course().to_str().unwrap())
            .replace("@OTHER@", honest.to_str().unwrap());
        class.submit_pivot(&name, &text);
        names.push((name, "pivot"));
    }
    for (exercise, place) in [("whose-name", OBSERVED.0), ("pids-limit", LIMITED)] {
        for (name, text) in hostile(exercise) {
            fs::write(class.submit(&name, 1).join(place), text).unwrap();
            names.push((name, exercise));
        }
    }
    let place = |name: &str| {
        let place = class.submit(name, 1).join(PIVOT.0);
        fs::remove_file(&place).unwrap();
        place
    };
    symlink(course().join(PIVOT.1), place("a-link")).unwrap();
    symlink(honest.join(PIVOT.0), place("a-link-to-another")).unwrap();
    nix::unistd::mkfifo(&place("a-pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::File::create(place("a-huge-file")).unwrap().set_len(1 << 40).unwrap();
    let dir = place("a-linked-directory").parent().unwrap().to_owned();
    fs::remove_dir_all(&dir).unwrap();
    symlink(honest.join("03-mount-ns/pivot/src"), &dir).unwrap();
    for name in ["a-link", "a-link-to-another", "a-pipe", "a-huge-file", "a-linked-directory"] {
        names.push((name.to_owned(), "pivot"));
    }

    let unchanged = [course(), honest, programs().join("lab")];
    let unchanged: Vec<&Path> = unchanged.iter().map(PathBuf::as_path).collect();
    let before = checksum(&unchanged);
    let (busy, all): (Vec<_>, Vec<_>) =
        names.iter().map(|(name, _)| name.as_str()).partition(|name| *name == BUSY);
    let limited = ["--exercise", "pids-limit"];
    let report = class.json(&[&FOUR[..], &limited, &all, &["honest"]].concat());
    let busy = class.json_in_seconds(6, &[&["--exercise", "pivot"], &busy[..]].concat());
    assert_eq!(checksum(&unchanged), before);
    assert_eq!(sheet(&report, "honest")["points"], 9, "{:#}", sheet(&report, "honest"));
    for (name, exercise) in &names {
        let report = if name == BUSY { &busy } else { &report };
        let mark = mark(report, name, exercise);
        assert_eq!((&mark["points"], &mark["result"]), (&0.into(), &"failed".into()), "{name}");
        // Which is how those say that they have found what they looked for.
        let why = mark["why"].as_str().unwrap();
        assert!(!why.contains("exit code 99"), "{name}: {why}");
        assert_eq!(sheet(report, name)["points"], 0, "{name}");
        assert!(name != BUSY || why.contains("used too much processor time"), "{why}");
    }
    // Processes that they leave running end with the sandbox: nobody else sleeps for that
    // long.
    let pids = fs::read_dir("/proc").unwrap().flatten();
    let mut pids = pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    assert!(!pids.any(|pid| kernel::words(pid, "cmdline") == b"sleep\086399\0"));
    // Nor does a cgroup: its record stays until it is gone.
    assert_eq!(class.lab.lab(["clean"]).ok(), "nothing to clean\n");
}

#[test]
fn a_submission_has_its_time_and_the_next_one_its_own() {
    let Some(class) = Class::new() else { return };
    let endless = "pub fn pivot(_: &std::path::Path) -> process::Result<()> { loop {} }\n";
    let anna = class.submit_solved("anna", 1);
    fs::write(anna.join(ZOMBIES.0), "compile_error!(\"no\");").unwrap();
    fs::write(anna.join(PIVOT.0), endless).unwrap();
    let limited = [&FOUR[..], &["--time-limit", "2", "anna"]].concat();
    let report = class.json(&limited);
    assert_eq!(sheet(&report, "anna")["points"], 0);
    // The one that is under way is ended as well: it would have had longer by itself.
    for exercise in ["pivot", "whose-name"] {
        let why = mark(&report, "anna", exercise)["why"].as_str().unwrap();
        assert_eq!(why, "the 2 s of this submission were over", "{exercise}");
    }
}

#[test]
fn a_killed_grader_takes_what_runs_with_it() {
    let Some(class) = Class::new() else { return };
    let endless = "pub fn pivot(_: &std::path::Path) -> process::Result<()> { loop {} }\n";
    class.submit_pivot("anna", endless);
    // The libraries are built once, which takes longer than any test may.
    class.grade(&["--exercise", "zombies", "anna"]).ok();
    let mut grader = class
        .lab
        .program("lab")
        .args(["grade", "--exercise", "pivot"])
        .arg(class.dir.path().join("anna"))
        .stdout(Stdio::null())
        .spawn()
        .expect("lab starts");
    let runs = |pid: i32| {
        let words = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        (words.starts_with("/work/program") && words.contains("--rootfs")).then_some(pid)
    };
    let program = wait_for("the learner's program", || {
        let worker = kernel::child_of(grader.id().cast_signed())?;
        let shell = kernel::child_of(worker)?;
        runs(kernel::child_of(shell)?)
    });
    grader.kill().expect("it is running");
    grader.wait().expect("it ends");
    harness::eventually("the program ends, too", || !kernel::is_alive(program));
    class.lab.lab(["clean"]).ok();
}

#[test]
fn an_ordinary_user_grades_too_and_keeps_what_is_theirs() {
    let Some(class) = Class::new() else { return };
    // Builds the libraries, which that user cannot.
    class.submit_solved("anna", 1);
    class.grade(&["--exercise", "zombies", "anna"]).ok();
    let ben = class.submit("ben", 1);
    let (_, text) = hostile("whose-name").into_iter().find(|it| it.0 == "spoils-lab").unwrap();
    fs::write(ben.join(OBSERVED.0), text).unwrap();

    let own = class.dir.path().join("lab");
    harness::copy_program("lab", &own);
    let before = (checksum(&[&own]), fs::metadata(&own).unwrap().permissions().mode());
    let mut command = as_somebody(&own, class.dir.path());
    command.args(["grade", "--format", "json"]).args(FOUR).args(["anna", "ben"]);
    let report: Value = serde_json::from_str(&ran(command.output().unwrap()).ok()).expect("JSON");
    assert_eq!(sheet(&report, "anna")["points"], 9, "{:#}", sheet(&report, "anna"));
    assert_eq!(mark(&report, "ben", "whose-name")["result"], "failed");
    assert_eq!((checksum(&[&own]), fs::metadata(&own).unwrap().permissions().mode()), before);
}

#[test]
fn a_submission_that_was_unpacked_one_level_too_deep_is_found() {
    let Some(class) = Class::new() else { return };
    class.submit_solved("anna/anna", 1);
    fs::create_dir_all(class.dir.path().join("anna/__MACOSX/.lab")).unwrap();
    class.submit("ben/one", 1);
    class.submit("ben/other", 1);
    class.submit("clara/too/deep", 1);
    fs::create_dir(class.dir.path().join("dora")).unwrap();
    symlink("../anna/anna", class.dir.path().join("dora/dora")).unwrap();
    let report = class.json(&["--exercise", "whose-name", "anna", "ben", "clara", "dora"]);
    assert_eq!(sheet(&report, "anna")["points"], 1);
    let error = |name| sheet(&report, name)["error"].as_str().unwrap_or_default().to_owned();
    assert!(error("ben").contains("several directories in it are copies"), "{}", error("ben"));
    for name in ["clara", "dora"] {
        assert!(error(name).contains("no directory in it is one"), "{name}: {}", error(name));
    }
}

/// A report as another machine has made it, of submissions with these names.
fn report_of(names: &[&str]) -> String {
    let mark = serde_json::json!({
        "name": "@pivot", "chapter": "03\u{1b}[2J", "kind": "build", "result": "failed",
        "points": u32::MAX, "of": u32::MAX, "why": "-2+3\u{1b}]0;pwned\u{7}", "milliseconds": u64::MAX,
    });
    let sheet = |name: &&str| {
        serde_json::json!({
            "name": name, "points": 0, "of": 1, "exercises": [mark.clone(), mark.clone()],
            "milliseconds": u64::MAX,
        })
    };
    let sheets: Vec<Value> = names.iter().map(sheet).collect();
    serde_json::json!({ "course": "0.1.0", "seed": 1, "submissions": sheets }).to_string()
}

const EVIL: [&str; 7] =
    ["=1+1", "@SUM(A1)", "+1", "-1", "x\u{1b}]0;pwned\u{7}", "new\nline", "tab\tand\u{202e}back"];

#[test]
fn a_name_commands_neither_a_terminal_nor_a_spreadsheet() {
    let Some(class) = Class::new() else { return };
    for name in EVIL {
        fs::create_dir(class.dir.path().join(name)).unwrap();
    }
    let not_text = OsStr::from_bytes(b"caf\xe9");
    fs::create_dir(class.dir.path().join(not_text)).unwrap();
    let grade = |format: &str| {
        let mut command = class.lab.program("lab");
        command.args(["grade", "--exercise", "whose-name", "--format", format, "--"]);
        command.args(EVIL).arg(not_text).current_dir(class.dir.path());
        ran(command.output().expect("lab starts")).ok()
    };
    fs::write(class.dir.path().join("evil.json"), report_of(&EVIL)).unwrap();
    let merged = |format: &str| class.grade(&["--merge", "evil.json", "--format", format]).ok();
    for (how, report) in [("graded", &grade as &dyn Fn(&str) -> String), ("merged", &merged)] {
        let table = report("table");
        let is_bare = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!table.contains(is_bare), "{how}: {table:?}");
        for name in [r"new\nline", r"x\u{1b}]0;pwned\u{7}"] {
            assert_eq!(table.lines().filter(|line| line.starts_with(name)).count(), 1, "{table}");
        }
        let csv = report("csv");
        assert!(!csv.contains(|c: char| is_bare(c) && c != '\r'), "{how}: {csv:?}");
        let is_formula = |cell: &str| cell.starts_with(['=', '+', '-', '@']);
        assert!(!csv.lines().flat_map(|line| line.split(',')).any(is_formula), "{how}: {csv}");
        for cell in ["\r\n'=1+1,", "\r\n'@SUM(A1),", "\r\n'+1,", "\r\n'-1,"] {
            assert!(csv.contains(cell), "{how}: {csv}");
        }
        let json: Value = serde_json::from_str(&report("json")).expect("JSON");
        let names = json["submissions"].as_array().unwrap().iter().map(|it| it["name"].clone());
        let names: std::collections::BTreeSet<String> = names.map(|it| it.to_string()).collect();
        assert!(names.len() >= EVIL.len() && !names.iter().any(|name| name.contains("\\n\"")));
        assert!(report("junit").contains(r#"<testsuite name="x\u{1b}]0;pwned\u{7}""#));
    }
    assert!(grade("table").contains(r"caf\xe9"));
    symlink("nowhere", class.dir.path().join("gone\nnote: all passed")).unwrap();
    let gone = class.grade(&["gone\nnote: all passed"]);
    assert!(gone.stderr.contains(r"find gone\nnote: all passed"), "{gone:?}");
}

#[test]
fn a_report_replaces_plain_files_and_is_written_into_all_others() {
    let lab = Lab::new();
    let dir = scratch::directory();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("report.json"), report_of(&["anna"])).unwrap();
    let merge = |output: &str| {
        let mut command = lab.program("lab");
        command.args(["grade", "--merge", "report.json", "--format", "csv", "--output", output]);
        ran(command.current_dir(dir.path()).output().expect("lab starts"))
    };
    let is_csv = |file: &Path| fs::read_to_string(file).unwrap().starts_with("name,points,of");

    fs::write(path("old"), "old").unwrap();
    fs::set_permissions(path("old"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::hard_link(path("old"), path("elsewhere")).unwrap();
    for name in ["old", "new", "sub/new"] {
        assert!(merge(name).ok().starts_with("submission"));
        assert!(is_csv(&path(name)), "{name}");
    }
    assert_eq!(fs::metadata(path("old")).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_to_string(path("elsewhere")).unwrap(), "old");

    fs::write(path("target"), "old").unwrap();
    symlink("target", path("link")).unwrap();
    merge("link").ok();
    assert!(path("link").is_symlink() && is_csv(&path("target")));

    assert!(merge("/dev/stdout").ok().starts_with("name,points,of"));
    let failed = merge("sub");
    assert_eq!(failed.code, 125, "{failed:?}");
    assert!(failed.stdout.starts_with("name,points,of"), "the report is lost: {failed:?}");

    let pipe = path("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    merge("pipe").ok();
    assert!(reader.join().unwrap().starts_with("name,points,of"));
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());

    if skip::is_root() {
        // As /dev/null is one, which everybody needs.
        let device = nix::sys::stat::makedev(1, 3);
        let (kind, mode) = (nix::sys::stat::SFlag::S_IFCHR, nix::sys::stat::Mode::S_IRWXU);
        nix::sys::stat::mknod(&path("null"), kind, mode, device).unwrap();
        merge("null").ok();
        assert!(fs::symlink_metadata(path("null")).unwrap().file_type().is_char_device());
    }
    let names = || fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.file_name());
    assert!(!names().any(|name| name.to_string_lossy().contains("unfinished")));
}

#[test]
fn what_a_teacher_names_is_a_plain_file_with_numbers_that_can_be() {
    let Some(class) = Class::new() else { return };
    class.submit("anna", 1);
    let dir = class.dir.path();
    nix::unistd::mkfifo(&dir.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::create_dir(dir.join("dir")).unwrap();
    let refused = |args: &[&str], why: &str| {
        let ran = class.grade(args);
        assert!(ran.code != 0 && ran.stderr.contains(why), "{args:?}: {ran:?}");
        assert!(!ran.stderr.contains("panicked"), "{args:?}: {ran:?}");
    };
    for file in ["/dev/zero", "pipe", "dir"] {
        refused(&["--merge", file], "it is no plain file");
        refused(&["--seeds", file, "anna"], "it is no plain file");
    }
    for limit in ["0", "4294967295"] {
        refused(&["--time-limit", limit, "anna"], "--time-limit");
    }
    let check = |text: &str, why: &str| {
        let dir = dir.join("checks/zombies");
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("check.toml"), text).unwrap();
        refused(&["--exercise", "zombies", "--checks", "checks", "anna"], why);
    };
    let case = "[[case]]\nabout = \"x\"\nexit = \"0\"\n";
    check(&format!("{case}seconds = 9223372036854775807\n"), "a program gets 1 to 600");
    check(&format!("{case}seconds = 0\n"), "a program gets 1 to 600");
    let fact = "[[case.fact]]\nlook = \"exit\"\nis = \"0\"\nwithin = 9223372036854775807\n";
    check(&format!("{case}{fact}"), "a fact gets 600000");
    let value =
        "[values]\nx = { bytes = [9223372036854775807, 9223372036854775807], unit = \"MiB\" }\n";
    check(&format!("{value}{case}"), "too many");
    fs::remove_file(dir.join("checks/zombies/check.toml")).unwrap();
    symlink("/dev/zero", dir.join("checks/zombies/check.toml")).unwrap();
    refused(&["--exercise", "zombies", "--checks", "checks", "anna"], "it is no plain file");
}
