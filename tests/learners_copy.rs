//! A learner's copy is a directory that somebody else has filled: also when root works in it.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use harness::{Ran, skip};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::exercises::Learner;

/// A user that has nothing to do with this machine.
const LEARNER: u32 = 61235;

/// A copy that belongs to its learner, and is visited by root.
fn visited() -> Option<Learner> {
    let learner = skip::is_root().then(Learner::new)?;
    let owner = format!("{LEARNER}:{LEARNER}");
    let given = Command::new("chown").args(["-R", &owner]).arg(learner.copy.path()).status();
    assert!(given.expect("chown starts").success());
    Some(learner)
}

const PIVOT: &str = "03-mount-ns/pivot/src/pivot.rs";

/// The files that commands write, the command for each, and something to be written.
const WRITTEN: [(&str, &[&str]); 5] = [
    (".lab/progress.toml", &["hint", "pivot"]),
    (".lab/container.log", &["start", "whose-name"]),
    ("03-mount-ns/pivot/src/pivot.rs.orig", &["reset", "pivot", "--yes"]),
    (PIVOT, &["reset", "pivot", "--yes"]),
    ("README.md", &["update"]),
];

fn try_on(learner: &Learner, (_, args): (&str, &[&str])) -> Ran {
    learner.write(PIVOT, "// mine\n");
    learner.run(args)
}

#[test]
fn root_writes_in_a_copy_as_its_learner() {
    let Some(learner) = visited() else { return };
    fs::remove_dir_all(learner.dir().join("02-pid-ns")).unwrap();
    learner.run(&["update"]).ok();
    for written in WRITTEN {
        try_on(&learner, written).ok();
    }
    let owner = |path: &Path| fs::symlink_metadata(path).unwrap().uid();
    for place in [".lab", "02-pid-ns", "02-pid-ns/zombies/src", "02-pid-ns/zombies/src/init.rs"] {
        assert_eq!(owner(&learner.dir().join(place)), LEARNER, "{place}");
    }
    for (file, _) in WRITTEN {
        assert_eq!(owner(&learner.dir().join(file)), LEARNER, "{file}");
    }
    learner.run(&["reset", "whose-name", "--yes"]).ok();
}

#[test]
fn root_overwrites_nothing_that_a_copy_leads_to() {
    let Some(learner) = visited() else { return };
    let secret = learner.copy.path().join("secret");
    let is_untouched = || {
        let data = fs::metadata(&secret).unwrap();
        let text = fs::read_to_string(&secret).unwrap();
        (data.uid(), data.mode() & 0o777, text.as_str()) == (0, 0o600, "secret")
    };
    for (file, args) in WRITTEN {
        let path = learner.dir().join(file);
        let put = |how: &str| {
            let _ = fs::remove_file(&path);
            let _ = fs::remove_file(&secret);
            fs::write(&secret, "secret").unwrap();
            fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
            match how {
                "link" => symlink(&secret, &path).unwrap(),
                "dangling link" => symlink(learner.copy.path().join("nothing"), &path).unwrap(),
                "hard link" => fs::hard_link(&secret, &path).unwrap(),
                "pipe" => mkfifo(&path, Mode::S_IRWXU).unwrap(),
                _ => fs::create_dir(&path).unwrap(),
            }
        };
        for how in ["link", "dangling link", "hard link", "pipe", "directory"] {
            let _ = fs::remove_file(learner.dir().join(PIVOT));
            learner.write(PIVOT, "// mine\n");
            put(how);
            let ran = learner.run(args);
            assert!(is_untouched(), "{file}, {how}: {ran:?}");
            assert!(!learner.copy.path().join("nothing").exists(), "{file}, {how}: {ran:?}");
            if how != "hard link" {
                assert_eq!(ran.code, 125, "{file}, {how}: {ran:?}");
                let says = ["there is a link", "it is no plain file"];
                assert!(says.iter().any(|it| ran.stderr.contains(it)), "{file}, {how}: {ran:?}");
            }
        }
        fs::remove_dir(&path).unwrap();
        learner.run(&["update"]);
    }
    learner.run(&["reset", "whose-name", "--yes"]).ok();
}

#[test]
fn a_linked_directory_leads_nowhere() {
    let Some(learner) = visited() else { return };
    let elsewhere = learner.copy.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    for place in [".lab", "03-mount-ns/pivot/src", "03-mount-ns"] {
        let place = learner.dir().join(place);
        let aside = learner.copy.path().join("aside");
        fs::rename(&place, &aside).unwrap();
        symlink(&elsewhere, &place).unwrap();
        for args in [&["update"][..], &["hint", "pivot"], &["reset", "pivot", "--yes"]] {
            let ran = learner.run(args);
            assert!(fs::read_dir(&elsewhere).unwrap().next().is_none(), "{place:?}: {ran:?}");
        }
        fs::remove_file(&place).unwrap();
        fs::rename(&aside, &place).unwrap();
    }
}

#[test]
fn notes_that_are_no_notes_are_told_and_end_nothing() {
    let learner = Learner::new();
    let notes = learner.dir().join(".lab/progress.toml");
    let list = |how: &dyn Fn()| {
        let _ = fs::remove_file(&notes);
        how();
        learner.run(&["list"])
    };
    let without_end = [
        list(&|| symlink("/dev/zero", &notes).unwrap()),
        list(&|| mkfifo(&notes, Mode::S_IRWXU).unwrap()),
        list(&|| File::create(&notes).unwrap().set_len(1 << 40).unwrap()),
    ];
    for ran in without_end {
        assert_eq!(ran.code, 125, "{ran:?}");
        assert!(ran.stderr.contains(".lab/progress.toml"), "{ran:?}");
    }
    let not_text = list(&|| fs::write(&notes, b"current = \"caf\xe9\"\n").unwrap());
    assert_eq!(not_text.code, 125, "{not_text:?}");

    let many = u32::MAX;
    let text = |name: &str| {
        format!("[exercises.{name}]\nsolved = true\npoints = {many}\nattempts = {many}\n")
    };
    let much = list(&|| fs::write(&notes, text("pivot") + &text("zombies")).unwrap());
    let sum = 2 * u64::from(many);
    assert!(much.stdout.contains(&format!("{sum} of")), "{much:?}");

    // A check counts one more.
    learner.write("04-uts-ipc/whose-name/answer.sh", "echo nothing");
    fs::write(&notes, text("whose-name")).unwrap();
    let checked = learner.run(&["check", "whose-name"]);
    assert!(!checked.stderr.contains("panicked"), "{checked:?}");
}
