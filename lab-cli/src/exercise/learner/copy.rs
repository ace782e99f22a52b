//! The learner's copy of the exercises: what is theirs to write.
//!
//! ```text
//!   DIR/
//!   ├── README.md                  how it goes, in one screen
//!   ├── Cargo.toml                 for the editor's language server; no check uses it
//!   ├── 03-mount-ns/pivot/
//!   │   ├── README.md  Cargo.toml
//!   │   └── src/main.rs  src/pivot.rs
//!   └── .lab/
//!       ├── course.toml            seed, and what was handed out
//!       └── progress.toml          what is done           [`super::progress`]
//! ```
//!
//! There are no solutions, hints or checks in it: they are read from the course. So an
//! update brings what is new there, and takes nothing away that the learner has written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result, Step};
use serde::{Deserialize, Serialize};

use super::manifests;
use crate::beneath::Beneath;
use crate::exercise::course::answer::{self, Answer, LARGEST, fill};
use crate::exercise::course::files::parse_toml;
use crate::exercise::course::{Course, Exercise};
use crate::exercise::fingerprint;

/// Where a copy keeps its notes.
pub const NOTES: &str = ".lab";
/// Where it is noted what was handed out.
pub const HANDED_OUT: &str = ".lab/course.toml";

/// A learner's copy.
#[derive(Debug)]
pub struct Copy {
    dir: PathBuf,
    files: Beneath,
    handed_out: HandedOut,
}

/// `.lab/course.toml`.
#[derive(Debug, Serialize, Deserialize)]
pub struct HandedOut {
    /// The version of the course.
    version: String,
    /// The learner's own: parameters of predictions come from it.
    pub seed: u64,
    /// Each file as it was handed out, by its path: a fingerprint.
    files: BTreeMap<String, String>,
}

impl HandedOut {
    /// Whether a file is the one that was handed out under this path.
    pub fn is_as_handed_out(&self, path: &str, bytes: &[u8]) -> bool {
        self.files.get(path).is_some_and(|print| *print == fingerprint::text(bytes))
    }
}

/// What an update has done with one file.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// It was not there before.
    New(String),
    /// The learner had not touched it: it is the new one now.
    Replaced(String),
    /// The learner has changed it: the new one is beside it, under this name.
    Beside(String),
}

impl Copy {
    /// Makes a copy in a directory that is new or empty.
    ///
    /// # Errors
    /// If there is something in it already.
    pub fn init(dir: &Path, course: &Course, seed: u64) -> Result<Self> {
        fs::create_dir_all(dir).step(|| format!("create {}", dir.display()))?;
        let dir = dir.canonicalize().step(|| format!("find {}", dir.display()))?;
        let mut entries = fs::read_dir(&dir).step(|| format!("list {}", dir.display()))?;
        if entries.next().is_some() {
            let error = Error::new(format!("make a copy in {}: it is not empty", dir.display()));
            return Err(if dir.join(NOTES).is_dir() {
                error.with_hint("it is a copy already: lab exercise update brings what is new")
            } else {
                error.with_hint("name a directory that does not exist yet")
            });
        }
        let handed_out = HandedOut { version: String::new(), seed, files: BTreeMap::new() };
        let mut copy = Self { files: Beneath::open(&dir)?, dir, handed_out };
        copy.update(course)?;
        Ok(copy)
    }

    /// The copy that we are in.
    ///
    /// # Errors
    /// If we are in none.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir().step(|| "find the current directory")?;
        let is_copy = |dir: &&Path| dir.join(HANDED_OUT).is_file();
        let dir = here.ancestors().find(is_copy).ok_or_else(|| {
            Error::new("this is not a copy of the exercises")
                .with_hint("`lab exercise init DIR` makes one; then go there")
        })?;
        Self::at(dir)
    }

    /// The copy in a directory.
    ///
    /// # Errors
    /// If there is none.
    pub fn at(dir: &Path) -> Result<Self> {
        let files = Beneath::open(dir)?;
        let notes = files.read(Path::new(HANDED_OUT), LARGEST)?;
        let notes = notes.ok_or_else(|| Error::new(format!("{HANDED_OUT}: it is not there")))?;
        let handed_out = parse_toml(Path::new(HANDED_OUT), &notes)?;
        Ok(Self { dir: dir.to_owned(), files, handed_out })
    }

    /// Its directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The learner's seed.
    pub fn seed(&self) -> u64 {
        self.handed_out.seed
    }

    /// Its files: whatever is read, written and made in a copy, is by this.
    pub fn files(&self) -> &Beneath {
        &self.files
    }

    /// Where a file of an exercise's starter is in the copy.
    pub fn path_of(&self, exercise: &Exercise, file: &str) -> PathBuf {
        self.dir.join(relative(exercise, file))
    }

    /// The exercise in whose directory we are, by name.
    pub fn here(&self) -> Option<String> {
        let here = std::env::current_dir().ok()?.canonicalize().ok()?;
        let below = here.strip_prefix(&self.dir).ok()?;
        Some(below.components().nth(1)?.as_os_str().to_str()?.to_owned())
    }

    /// What the learner has written: the files that are theirs, as far as they are there.
    ///
    /// # Errors
    /// If one is no plain file, or too large to be an answer.
    pub fn answer(&self, exercise: &Exercise) -> Result<Answer> {
        let mut answer = Answer::new();
        for name in &exercise.about.edit {
            let path = relative(exercise, name);
            let bytes = self.files.read(Path::new(&path), LARGEST).map_err(|error| {
                error.with_hint(format!("an answer is a plain file of {LARGEST} bytes at most"))
            })?;
            answer.extend(bytes.map(|bytes| (name.clone(), answer::plain(&bytes))));
        }
        Ok(answer)
    }

    /// What the learner was given, with their own parameters filled in.
    ///
    /// # Errors
    /// If the course cannot be read.
    pub fn starter(&self, exercise: &Exercise) -> Result<Answer> {
        fill(exercise, exercise.starter()?, self.seed())
    }

    /// Brings everything that is new in the course, and says what that was.
    ///
    /// # Errors
    /// If something cannot be read or written.
    pub fn update(&mut self, course: &Course) -> Result<Vec<Change>> {
        let exercises = course.exercises()?;
        let mut changes = Vec::new();
        let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        files.insert("README.md".into(), include_bytes!("copy_readme.md").to_vec());
        files.insert("Cargo.toml".into(), manifests::workspace(&exercises).into_bytes());
        files.insert(".gitignore".into(), b"/target\n/.lab/running\n".to_vec());
        for exercise in &exercises {
            let prefix = format!("{}/{}", exercise.chapter, exercise.name);
            files.insert(format!("{prefix}/README.md"), exercise.text("README.md")?.into_bytes());
            if exercise.about.kind.is_program() {
                let text = manifests::package(exercise, course).into_bytes();
                files.insert(format!("{prefix}/Cargo.toml"), text);
            }
            for (name, bytes) in self.starter(exercise)? {
                files.insert(relative(exercise, &name), bytes);
            }
        }
        for (name, bytes) in files {
            changes.extend(self.hand_out(&name, &bytes)?);
        }
        self.handed_out.version = env!("CARGO_PKG_VERSION").to_owned();
        let text = toml::to_string(&self.handed_out).map_err(|error| Error::new(error.to_string()));
        self.files.write(Path::new(HANDED_OUT), text?.as_bytes())?;
        Ok(changes)
    }

    fn hand_out(&mut self, name: &str, new: &[u8]) -> Result<Option<Change>> {
        let path = Path::new(name);
        let before = self.files.read(path, LARGEST)?.map(|bytes| answer::plain(&bytes));
        let print = fingerprint::text(new);
        let known = self.handed_out.files.insert(name.to_owned(), print.clone());
        let Some(before) = before else {
            // A file that the learner has removed comes back: without it nothing can be
            // checked.
            self.files.write(path, new)?;
            return Ok(Some(Change::New(name.to_owned())));
        };
        if before == new || known.as_ref() == Some(&print) {
            return Ok(None);
        }
        if known.is_some_and(|known| known == fingerprint::text(&before)) {
            self.files.write(path, new)?;
            return Ok(Some(Change::Replaced(name.to_owned())));
        }
        let beside = format!("{name}.new");
        self.files.write(Path::new(&beside), new)?;
        Ok(Some(Change::Beside(beside)))
    }
}

/// Where a file of an exercise is in a copy. Sources have a directory; other files lie
/// beside the README.
pub fn relative(exercise: &Exercise, file: &str) -> String {
    let prefix = format!("{}/{}", exercise.chapter, exercise.name);
    if file.ends_with(".rs") { format!("{prefix}/src/{file}") } else { format!("{prefix}/{file}") }
}
