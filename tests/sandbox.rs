//! What the sandbox of a learner's program keeps from it, whoever runs the check.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::{Ran, ran};
use serde_json::Value;

use crate::exercises::{Learner, as_somebody, solution};

const ANSWER: &str = "04-uts-ipc/whose-name/answer.sh";

/// Runs its arguments with a file beside the host's programs that anybody may write to, and
/// says at the end what became of it.
const BESIDE_A_TOOL: &str = r#"
mount -t tmpfs -o mode=1777 tools /usr/local/bin
echo clean > /usr/local/bin/tool; chmod 666 /usr/local/bin/tool
"$@" >&2
code=$?; cat /usr/local/bin/tool; exit $code
"#;

fn beside_a_tool(command: &Command) -> Ran {
    let mut outer = Command::new("unshare");
    outer
        .args(["-m", "--propagation", "private", "sh", "-c", BESIDE_A_TOOL, "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().expect("a directory"))
        .stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    ran(outer.output().expect("unshare starts"))
}

/// The same `lab`, run by root, by root of a user namespace, and by somebody else. One after
/// the other: the last one gives the learner's files away.
fn by_everybody<'a>(
    learner: &'a Learner,
    lab: &'a Path,
) -> impl Iterator<Item = (&'static str, Command)> + 'a {
    ["root", "root of a user namespace", "somebody"].into_iter().map(move |who| {
        let words = match who {
            "somebody" => return (who, as_somebody(lab, learner.copy.path())),
            "root" => [].as_slice(),
            _ => &["unshare", "--user", "--map-root-user"],
        };
        let words: Vec<&OsStr> = words.iter().map(OsStr::new).chain([lab.as_os_str()]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        for (name, value) in learner.lab.program("lab").get_envs() {
            value.map(|value| command.env(name, value));
        }
        (who, command)
    })
}

fn clone(command: &Command) -> Command {
    let mut copy = Command::new(command.get_program());
    copy.args(command.get_args());
    for (name, value) in command.get_envs() {
        value.map(|value| copy.env(name, value));
    }
    copy
}

fn hostile(name: &str) -> String {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("hostile/whose-name");
    fs::read_to_string(dir.join(name)).unwrap()
}

#[test]
fn nobody_changes_the_hosts_programs_whoever_runs_the_check() {
    let Some(learner) = Learner::with_kit() else { return };
    let lab = learner.copy.path().join("lab");
    harness::copy_program("lab", &lab);
    let right = solution("04-uts-ipc/whose-name/solution/answer.sh");
    learner.write(ANSWER, &format!("{}\n{right}", hostile("poisons-programs.sh")));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    let before = (fs::read(&lab).unwrap(), mode(&lab));
    let commands: [&[&str]; 2] =
        [&["exercise", "check", "whose-name"], &["grade", "--exercise", "whose-name", "."]];
    for (who, command) in by_everybody(&learner, &lab) {
        for args in commands {
            let mut command = clone(&command);
            command.args(args).current_dir(learner.dir());
            let ran = beside_a_tool(&command);
            assert_eq!((ran.code, ran.stdout.as_str()), (0, "clean\n"), "{who}, {args:?}: {ran:?}");
            // And what is right is right, all the same.
            let passed = ["whose-name: passed", "1 exercises passed"];
            assert!(passed.iter().any(|it| ran.stderr.contains(it)), "{who}, {args:?}: {ran:?}");
            let after = (fs::read(&lab).unwrap(), mode(&lab));
            assert!(after == before, "{who}, {args:?}: lab was changed");
        }
    }
}

/// Keeps namespaces of three kinds, and says of which it could keep five hundred.
const HOARD: &str = r#"
for kind in net uts ipc; do
    number=0
    while [ $number -lt 500 ]; do
        : > /tmp/$kind$number
        unshare --$kind=/tmp/$kind$number true 2>/dev/null || break
        number=$((number + 1))
    done
    if [ $number -lt 5 ]; then echo "too few: $number of $kind"; fi
    if [ $number = 500 ]; then echo "too many of $kind"; fi
done
echo refused
"#;

#[test]
fn a_program_gets_so_many_namespaces_and_no_more() {
    let Some(learner) = Learner::with_kit() else { return };
    learner.write(ANSWER, HOARD);
    let lab = learner.copy.path().join("lab");
    harness::copy_program("lab", &lab);
    for (who, mut command) in by_everybody(&learner, &lab) {
        command.args(["exercise", "check", "whose-name", "--json"]).current_dir(learner.dir());
        let ran = ran(command.output().expect("lab starts"));
        let verdict: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!(verdict["cases"][0]["failures"][0]["found"], "refused", "{who}: {ran:?}");
    }
}
