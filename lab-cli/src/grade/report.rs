//! What came of it all: the data from which every format is made.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde::{Deserialize, Serialize};

use crate::exercise::course::Exercise;

/// The JSON that `lab grade` prints, and that it can merge.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// The version of the course.
    pub course: String,
    /// From which the values of the checks were drawn; nothing if several were merged.
    pub seed: Option<u64>,
    /// A sheet for each submission.
    pub submissions: Vec<Sheet>,
}

/// One submission.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Sheet {
    /// The name of its directory.
    pub name: String,
    /// What its exercises earned.
    pub points: u32,
    /// What could be earned.
    pub of: u32,
    /// Why it could not be graded at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// A mark for each exercise, in the order of the course.
    pub exercises: Vec<Mark>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
}

/// One exercise of one submission.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Mark {
    /// The exercise.
    pub name: String,
    /// The directory of its chapter.
    pub chapter: String,
    /// Its kind.
    pub kind: String,
    /// How it went.
    pub result: Outcome,
    /// What it earned.
    pub points: u32,
    /// What could be earned.
    pub of: u32,
    /// What was missing, in one line.
    pub why: Option<String>,
    /// How long it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
}

/// How an exercise went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Every fact holds.
    Passed,
    /// One does not.
    Failed,
    /// There is nothing but the starter.
    #[serde(rename = "not begun")]
    NotBegun,
    /// This host or user lacks what the check needs.
    Skipped,
    /// The check itself failed.
    Error,
}

impl Report {
    /// Takes the times out: what is left is the same each time for the same seed.
    pub fn forget_times(&mut self) {
        for sheet in &mut self.submissions {
            sheet.milliseconds = None;
            sheet.exercises.iter_mut().for_each(|mark| mark.milliseconds = None);
        }
    }

    /// Makes harmless what another program, or another person, has put into it.
    pub fn clean(&mut self) {
        let clean = |text: &mut String| *text = visible(text);
        clean(&mut self.course);
        for sheet in &mut self.submissions {
            clean(&mut sheet.name);
            sheet.error = sheet.error.as_deref().map(one_line);
            for mark in &mut sheet.exercises {
                [&mut mark.name, &mut mark.chapter, &mut mark.kind].into_iter().for_each(clean);
                mark.why = mark.why.as_deref().map(one_line);
            }
        }
    }

    /// The exercises of all sheets, each once, in their order.
    pub fn exercises(&self) -> Vec<&Mark> {
        let mut all: Vec<&Mark> = Vec::new();
        for mark in self.submissions.iter().flat_map(|sheet| &sheet.exercises) {
            if !all.iter().any(|other| other.name == mark.name) {
                all.push(mark);
            }
        }
        all
    }
}

/// Points together. A report that is merged can name any number.
pub fn sum(points: impl Iterator<Item = u32>) -> u32 {
    points.fold(0, u32::saturating_add)
}

impl Sheet {
    /// A sheet with these marks on it.
    pub fn new(name: &str, exercises: Vec<Mark>) -> Self {
        Self {
            name: name.to_owned(),
            points: sum(exercises.iter().map(|mark| mark.points)),
            of: sum(exercises.iter().map(|mark| mark.of)),
            error: None,
            exercises,
            milliseconds: None,
        }
    }

    /// One of which nothing could be graded.
    pub fn broken(name: &str, of: u32, why: &str) -> Self {
        Self { of, error: Some(one_line(why)), ..Self::new(name, Vec::new()) }
    }
}

impl Mark {
    /// A mark without points yet.
    pub fn new(exercise: &Exercise, result: Outcome, why: Option<&str>) -> Self {
        Self {
            name: exercise.name.clone(),
            chapter: exercise.chapter.clone(),
            kind: exercise.about.kind.name().to_owned(),
            result,
            points: 0,
            of: exercise.about.points,
            why: why.map(one_line),
            milliseconds: None,
        }
    }
}

impl Outcome {
    /// As the formats name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotBegun => "not begun",
            Self::Skipped => "skipped",
            Self::Error => "error",
        }
    }
}

/// A directory's name as all reports have it. Its owner has chosen it: what commands a
/// terminal or begins a new line in a table is spelled out, and so is what is no text. Two
/// names stay two.
pub fn name_of(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_bytes().utf8_chunks() {
        text.push_str(&visible(&chunk.valid().replace('\\', r"\\")));
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!(r"\x{byte:02x}")));
    }
    text
}

/// A text in which every character is seen.
pub fn visible(text: &str) -> String {
    let mut seen = String::new();
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => seen.push(c),
            // Behind a letter, where an accent is at its place.
            c => seen.extend(format!("a{c}").escape_debug().skip(1)),
        }
    }
    seen
}

/// A reason may quote what a submission printed: it must not command a terminal, nor
/// fill the report.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let is_space = |c: char| c.is_whitespace() || c.is_control();
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    let line = visible(&words.join(" "));
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_of_text_and_another_name_another_one() {
        let name = |bytes: &[u8]| name_of(OsStr::from_bytes(bytes));
        for plain in ["anna", "O'Brien", "Jose\u{301}", "Jos\u{e9}", "=1+1", "\u{5f20}"] {
            assert_eq!(name(plain.as_bytes()), plain);
        }
        assert_eq!(name(b"x\x1b]0;pwned\x07"), r"x\u{1b}]0;pwned\u{7}");
        assert_eq!(name(b"new\nline"), r"new\nline");
        assert_eq!(name(br"new\nline"), r"new\\nline");
        assert_eq!(name(b"caf\xe9"), r"caf\xe9");
        assert_eq!(name("a\u{202e}b".as_bytes()), r"a\u{202e}b");
    }
}
