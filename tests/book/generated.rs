//! What the book says that is made from something else: `book/src/generated`.
//!
//! The files are checked in, so that the book is built by mdBook alone. Each test makes
//! one kind anew and compares.

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::Lab;
use harness::snapshot::assert_file;

use super::{files, pages, read, workspace};

/// The packages of the chapters that have a runtime, in order.
fn chapters() -> Vec<PathBuf> {
    let entries = workspace().join("chapters").read_dir().expect("the chapters").flatten();
    let paths = entries.map(|entry| entry.path());
    let mut chapters: Vec<_> = paths.filter(|it| it.join("src/runtime.rs").exists()).collect();
    chapters.sort();
    chapters
}

fn generated(name: &str) -> PathBuf {
    workspace().join("book/src/generated").join(name)
}

#[test]
fn the_runtimes_are_compared_as_they_are() {
    let lab = Lab::new();
    for (number, pair) in chapters().windows(2).enumerate() {
        let [old, new] = pair else { continue };
        let copies = [(old, "old.rs"), (new, "new.rs")].map(|(chapter, name)| {
            let copy = lab.state_dir().join(name);
            let text = read(&chapter.join("src/runtime.rs"));
            let is_code = |line: &&str| !line.contains("ANCHOR");
            let lines: Vec<_> = text.lines().filter(is_code).collect();
            std::fs::write(&copy, lines.join("\n") + "\n").expect("a copy");
            copy
        });
        let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut diff = Command::new("diff");
        diff.args(["-U2", "--label", &name(old), "--label", &name(new)]).args(copies);
        let output = diff.output().expect("diff is in diffutils");
        let text = String::from_utf8_lossy(&output.stdout);
        assert_file(&generated(&format!("runtime-{:02}.diff", number + 1)), &text);
    }
}

#[test]
fn each_chapters_attacks_are_those_of_the_scorecard() {
    let grid = read(&workspace().join("tests/snapshots/attack.snap"));
    // A row has a mark for each chapter; others are told in words.
    let rows: Vec<(&str, Vec<char>)> = grid
        .lines()
        .filter(|line| line.chars().filter(|char| "✓✗·".contains(*char)).count() >= 10)
        .map(|line| line.split_at(line.find(['✓', '✗', '·']).expect("a mark")))
        .map(|(title, marks)| (title.trim(), marks.split_whitespace().flat_map(str::chars)))
        .map(|(title, marks)| (title, marks.collect()))
        .collect();
    assert!(rows.len() > 10, "{grid}");
    for number in 0..chapters().len() {
        let with = |test: &dyn Fn(&[char]) -> bool| -> Vec<&str> {
            rows.iter().filter(|(_, marks)| test(marks)).map(|(title, _)| *title).collect()
        };
        let before = |marks: &[char]| number.checked_sub(1).map(|number| marks[number]);
        let stops = with(&|marks| marks[number] == '✓' && before(marks) != Some('✓'));
        let works = with(&|marks| marks[number] == '✗');
        let blocked = with(&|marks| marks[number] == '✓').len();
        let list = |titles: &[&str]| match titles {
            [] => "nothing".to_owned(),
            titles => titles.join(" · "),
        };
        let text = format!(
            "| | the attacker tries to |\n|---|---|\n| ✓ newly stopped | {} |\n\
             | ✗ still works | {} |\n\n<p class=\"score\">{blocked} blocked, {} work</p>\n",
            list(&stops),
            list(&works),
            works.len(),
        );
        assert_file(&generated(&format!("attacks-{number:02}.md")), &text);
    }
}

#[test]
fn the_reference_is_the_help_of_each_command() {
    let lab = Lab::new();
    let all = lab.lab(["--help"]).ok();
    let commands = all.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = commands.take_while(|line| !line.is_empty());
    let names = commands.filter_map(|line| line.split_whitespace().next());
    let mut text = format!("```text\n{all}```\n");
    for name in names.filter(|name| *name != "help") {
        let help = lab.lab([name, "--help"]).ok();
        text += &format!("\n## lab {name}\n\n```text\n{help}```\n");
    }
    assert_file(&generated("lab.md"), &text);
}

#[test]
fn the_exercises_are_listed_with_their_chapter() {
    for (number, chapter) in chapters().iter().enumerate() {
        let name = chapter.file_name().expect("a name");
        let dir = workspace().join("exercises").join(name);
        let entries = dir.read_dir().into_iter().flatten().flatten();
        let mut exercises: Vec<_> = entries
            .map(|entry| entry.path())
            .filter(|path| path.join("exercise.toml").exists())
            .collect();
        exercises.sort();
        let mut text = String::new();
        for exercise in &exercises {
            let name = exercise.file_name().expect("a name").to_string_lossy().into_owned();
            let facts = read(&exercise.join("exercise.toml"));
            let of = |key| pages::value_of(&facts, key).unwrap_or_default();
            text += &format!(
                "| `{name}` | {} | {} | {} | {} |\n",
                of("title"),
                of("kind"),
                of("points"),
                of("minutes")
            );
        }
        let text = if exercises.is_empty() {
            "There are no exercises for this chapter yet.\n".to_owned()
        } else {
            let head = "| exercise | | kind | points | minutes |\n|---|---|---|---|---|\n";
            let run = "\n```sh\nlab exercise next\n```\n";
            format!("{head}{text}{run}")
        };
        assert_file(&generated(&format!("exercises-{number:02}.md")), &text);
    }
}

#[test]
fn every_check_of_the_doctor_is_in_the_table() {
    let lab = Lab::new();
    let checks: Vec<serde_json::Value> =
        serde_json::from_str(&lab.lab(["doctor", "--json"]).stdout).expect("JSON");
    let row = |check: &serde_json::Value| {
        let chapters = check["chapters"].as_array().expect("a list");
        let number = |at: usize| chapters[at].as_u64().expect("a number");
        let needed = match chapters.len() {
            1 => format!("{:02}", number(0)),
            n => format!("{:02}–{:02}", number(0), number(n - 1)),
        };
        let text = |key: &str| check[key].as_str().expect("text").to_owned();
        format!("| {} | {} | {needed} |\n", text("group"), text("check"))
    };
    let rows: Vec<_> = checks.iter().map(row).collect();
    let path = generated("doctor.md");
    let table = std::fs::read_to_string(&path).unwrap_or_default();
    // A host may have fewer, never others.
    if rows.iter().any(|row| !table.contains(row)) {
        let head = "| group | check | chapters |\n|---|---|---|\n";
        assert_file(&path, &format!("{head}{}", rows.concat()));
    }
}

#[test]
fn the_book_knows_how_long_it_is() {
    let mut text =
        "| page | words | minutes to read and run | minutes of exercises |\n|---|--:|--:|--:|\n"
            .to_owned();
    let (mut words, mut reading, mut doing) = (0, 0, 0);
    let pages = files("book/src", &["md"]);
    for number in 0..chapters().len() {
        let name = format!("chapter-{number:02}.md");
        let path = pages.iter().find(|path| path.ends_with(&name)).expect("a page a chapter");
        let page = read(path);
        let title = page.lines().next().and_then(|line| line.strip_prefix("# ")).expect("a title");
        let exercises = read(&generated(&format!("exercises-{number:02}.md")));
        let rows = exercises.lines().filter(|line| line.starts_with("| `"));
        let minutes = rows.filter_map(|row| row.rsplit('|').nth(1)?.trim().parse::<usize>().ok());
        let (page_words, exercise_minutes) = (pages::words(&page), minutes.sum::<usize>());
        let page_minutes = pages::minutes(&page);
        text += &format!(
            "| [{title}]({name}) | {page_words} | {page_minutes} | {exercise_minutes} |\n"
        );
        (words, reading, doing) =
            (words + page_words, reading + page_minutes, doing + exercise_minutes);
    }
    text += &format!("| **all chapters** | **{words}** | **{reading}** | **{doing}** |\n");
    let all: usize = pages.iter().map(|path| pages::words(&read(path))).sum();
    text += &format!("\n{} pages, {all} words in all.\n", pages.len() - 1);
    assert_file(&generated("numbers.md"), &text);
}
