//! That the code can be read as it is meant to be: files short enough for a sitting, and in
//! each chapter a first reading that leads nowhere else.
//!
//! A chapter's `lib.rs` tells which files those are, in two lists:
//!
//! ```text
//!   //! First reading, in this order:        //! Second reading:
//!   //!                                      //!
//!   //! - `runtime.rs`: the whole            //! - `rootless/`: …
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A table of contents is one look.
const CONTENTS: usize = 90;

/// A lesson is a few of them.
const LESSON: usize = 250;

/// A first reading is an evening.
const EVENING: usize = 800;

/// Files that every chapter has: the list of its files, what people type, a dozen lines of
/// main, and the calls that need `unsafe`.
const EVERYWHERE: [&str; 4] = ["lib.rs", "main.rs", "options.rs", "sys.rs"];

/// A chapter's `src`.
struct Chapter {
    name: String,
    /// The text of each file, by its name below `src`.
    files: BTreeMap<String, String>,
}

fn chapters() -> Vec<Chapter> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../chapters");
    let mut chapters: Vec<_> = all
        .read_dir()
        .expect("the chapters")
        .map(|entry| {
            let dir = entry.expect("a chapter").path();
            let name = dir.file_name().expect("a name").to_string_lossy().into_owned();
            let mut files = BTreeMap::new();
            read_below(&dir.join("src"), &PathBuf::new(), &mut files);
            Chapter { name, files }
        })
        .collect();
    chapters.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(chapters.len() >= 10);
    chapters
}

fn read_below(src: &Path, below: &Path, files: &mut BTreeMap<String, String>) {
    for entry in src.join(below).read_dir().expect("a directory").flatten() {
        let path = below.join(entry.file_name());
        if entry.path().is_dir() {
            read_below(src, &path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(entry.path()).expect("a text");
            files.insert(path.to_string_lossy().into_owned(), text);
        }
    }
}

impl Chapter {
    /// The files in the list of `lib.rs` that begins with such a line; a room stands for all
    /// that is in it.
    fn list(&self, heading: &str) -> Vec<&str> {
        let lines = self.files["lib.rs"].lines().map(|line| line.trim_start_matches("//!").trim());
        let list = lines.skip_while(|line| !line.starts_with(heading)).skip(1);
        let list = list.take_while(|line| line.is_empty() || line.starts_with("- `"));
        let named = list.flat_map(|line| line.split('`').skip(1).step_by(2));
        let named = named.filter(|name| name.ends_with(".rs") || name.ends_with('/'));
        named.flat_map(|name| self.files_of(name)).collect()
    }

    fn files_of(&self, name: &str) -> Vec<&str> {
        let is_meant = |file: &str| file == name || name.ends_with('/') && file.starts_with(name);
        let files: Vec<_> = self.files.keys().map(String::as_str).filter(|f| is_meant(f)).collect();
        assert!(!files.is_empty(), "{}: lib.rs names {name}, and there is none", self.name);
        files
    }

    /// The modules of this crate that a file names, but not what `lib.rs` shows of them.
    fn imports(&self, file: &str) -> Vec<String> {
        let code: String =
            self.files[file].lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let mut found = Vec::new();
        for (at, _) in code.match_indices("crate::") {
            let rest = &code[at + "crate::".len()..];
            let names = match rest.strip_prefix('{') {
                Some(group) => group.split('}').next().unwrap_or_default(),
                None => rest
                    .split(|char: char| !char.is_alphanumeric() && char != '_')
                    .next()
                    .unwrap_or_default(),
            };
            let first = |name: &str| name.split("::").next().unwrap_or_default().trim().to_owned();
            found.extend(names.split(',').map(first).filter(|name| self.is_module(name)));
        }
        found
    }

    fn is_module(&self, name: &str) -> bool {
        let files = [format!("{name}.rs"), format!("{name}/mod.rs")];
        files.iter().any(|file| self.files.contains_key(file))
    }
}

/// No file of `lib.rs`'s own making is missing, and none is told of twice.
#[test]
fn every_file_of_a_chapter_is_for_the_first_reading_or_the_second() {
    for chapter in chapters() {
        let mut listed = chapter.list("First reading");
        if chapter.files.contains_key("runtime.rs") {
            assert_eq!(listed.first(), Some(&"runtime.rs"), "{}", chapter.name);
        }
        listed.extend(chapter.list("Second reading"));
        listed.sort_unstable();
        let names = chapter.files.keys().map(String::as_str);
        let expected: Vec<_> = names.filter(|name| !EVERYWHERE.contains(name)).collect();
        assert_eq!(listed, expected, "{}/src/lib.rs", chapter.name);
    }
}

#[test]
fn a_first_reading_is_an_evening() {
    for chapter in chapters() {
        let first = chapter.list("First reading");
        let lines: usize = first.iter().map(|file| chapter.files[*file].lines().count()).sum();
        assert!(lines <= EVENING, "{}: {lines} lines in {first:?}", chapter.name);
    }
}

#[test]
fn a_first_reading_leads_nowhere_else() {
    let mut offenders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for chapter in chapters() {
        let first = chapter.list("First reading");
        let is_read = |file: &str| first.contains(&file) || EVERYWHERE.contains(&file);
        for file in &first {
            for import in chapter.imports(file) {
                if !is_read(&format!("{import}.rs")) && !is_read(&format!("{import}/mod.rs")) {
                    let wrong = offenders.entry(chapter.name.clone()).or_default();
                    wrong.push(format!("{file} imports {import}"));
                }
            }
        }
    }
    assert!(offenders.is_empty(), "{offenders:#?}");
}

#[test]
fn a_table_of_contents_is_one_look_and_a_lesson_a_few() {
    let mut offenders = Vec::new();
    for chapter in chapters() {
        for (file, text) in &chapter.files {
            let most = if file == "runtime.rs" { CONTENTS } else { LESSON };
            if text.lines().count() > most {
                offenders.push(format!("{}/src/{file}", chapter.name));
            }
        }
    }
    assert!(offenders.is_empty(), "longer than {CONTENTS} and {LESSON} lines: {offenders:?}");
}
