//! What is wrong with an exercise's files, without running anything.

use std::collections::BTreeSet;

use crate::exercise::course::Exercise;
use crate::exercise::course::check::Check;

/// All that is wrong with them.
pub fn faults(exercise: &Exercise) -> Vec<String> {
    let mut faults = Vec::new();
    let name = format!("{}/{}", exercise.chapter, exercise.name);
    for file in ["README.md", "explanation.md"] {
        if exercise.text(file).is_ok_and(|text| text.trim().len() > 100) {
            continue;
        }
        faults.push(format!("{name}: {file} is missing, or says next to nothing"));
    }
    let hints = exercise.hints().unwrap_or_default();
    if !(2..=4).contains(&hints.len()) || hints.iter().any(|hint| hint.lines().count() < 2) {
        faults.push(format!("{name}: hints.md must have 2 to 4 sections, none of them empty"));
    }
    let starter = exercise.starter().unwrap_or_default();
    let solution = exercise.solution().unwrap_or_default();
    if exercise.about.kind.is_program() && !starter.contains_key("main.rs") {
        faults.push(format!("{name}: starter/main.rs is missing"));
    }
    for file in &exercise.about.edit {
        if !starter.contains_key(file) {
            faults.push(format!("{name}: starter/{file} is missing, which is to be edited"));
        }
    }
    let wrong = exercise.wrong().unwrap_or_default();
    let answers = wrong.iter().map(|(_, files)| files).chain([&solution]);
    for file in answers.flat_map(|files| files.keys()).collect::<BTreeSet<_>>() {
        if !exercise.about.edit.contains(file) {
            faults.push(format!("{name}: an answer has {file}, which is not to be edited"));
        }
    }
    if wrong.len() < 2 {
        faults.push(format!("{name}: there are fewer than two wrong answers"));
    }
    faults.extend(faults_of_snapshots(exercise, &name));
    faults
}

/// A snapshot that no case uses is not looked at by anybody.
fn faults_of_snapshots(exercise: &Exercise, name: &str) -> Vec<String> {
    let used: BTreeSet<String> = Check::read(exercise, None)
        .map(|check| check.case.into_iter().filter_map(|case| case.snapshot).collect())
        .unwrap_or_default();
    let entries = std::fs::read_dir(exercise.dir.join("snapshots")).into_iter().flatten().flatten();
    let files = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_unused =
        |file: &String| !file.strip_suffix(".snap").is_some_and(|snapshot| used.contains(snapshot));
    files.filter(is_unused).map(|file| format!("{name}: snapshots/{file} is not used")).collect()
}
