//! The course on disk: where the exercises are, and what each says of itself.
//!
//! ```text
//!   exercises/03-mount-ns/pivot/
//!   ├── exercise.toml     title, kind, points …          [`exercise::About`]
//!   ├── README.md         the task
//!   ├── starter/          what the learner gets
//!   ├── solution/         the files that differ from it
//!   ├── wrong/NAME/       answers that must not pass
//!   ├── check.toml        what is run, and what must hold
//!   ├── hints.md          a `## ` section for each
//!   ├── explanation.md    shown after passing
//!   └── snapshots/*.snap  what the program prints
//!   exercises/03-mount-ns/*.rs     what several starters of the chapter have
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result};

pub mod answer;
pub mod check;
mod exercise;
pub mod files;
pub mod verdict;

pub use exercise::{Exercise, Kind, Need};
use files::{directories, read_toml};

/// All exercises.
#[derive(Clone, Debug)]
pub struct Course {
    dir: PathBuf,
    checkout: PathBuf,
}

impl Course {
    /// The course of the checkout that this program was built from, or another one that
    /// `LAB_COURSE_DIR` names.
    ///
    /// # Errors
    /// If it is not there.
    pub fn find() -> Result<Self> {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/"));
        let named = std::env::var_os("LAB_COURSE_DIR").filter(|dir| !dir.is_empty());
        let dir = named.map_or_else(|| checkout.join("exercises"), PathBuf::from);
        if !dir.is_dir() {
            return Err(Error::new(format!("find the exercises: no directory {}", dir.display()))
                .with_hint("LAB_COURSE_DIR names the directory `exercises` of a checkout"));
        }
        Ok(Self { dir, checkout: checkout.to_owned() })
    }

    /// The directory of the exercises.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The checkout in which the chapters are.
    pub fn checkout(&self) -> &Path {
        &self.checkout
    }

    /// The line of a Cargo.toml that brings a library, as the course has it.
    pub fn dependency(&self, library: &str) -> String {
        let cargo = fs::read_to_string(self.checkout.join("Cargo.toml")).unwrap_or_default();
        let start = format!("{library} = ");
        let line = cargo.lines().find(|line| line.starts_with(&start)).unwrap_or_default();
        // Paths of the workspace are relative to the checkout.
        let path = format!("path = \"{}/", self.checkout.display());
        format!("{}\n", line.replace("path = \"", &path))
    }

    /// All exercises, in the order of the course.
    ///
    /// # Errors
    /// If one is not as it should be, or two have one name.
    pub fn exercises(&self) -> Result<Vec<Exercise>> {
        let mut exercises = Vec::new();
        for chapter in directories(&self.dir)? {
            if !chapter.starts_with(|first: char| first.is_ascii_digit()) {
                continue;
            }
            for name in directories(&self.dir.join(&chapter))? {
                let dir = self.dir.join(&chapter).join(&name);
                let about = read_toml(&dir.join("exercise.toml"))?;
                exercises.push(Exercise { name, chapter: chapter.clone(), dir, about });
            }
        }
        exercises.sort_by(|one, other| one.place().cmp(&other.place()));
        let mut names = BTreeMap::new();
        for exercise in &exercises {
            if let Some(other) = names.insert(&exercise.name, &exercise.chapter) {
                let (name, chapter) = (&exercise.name, &exercise.chapter);
                return Err(Error::new(format!("{name} is the name of two exercises"))
                    .with_hint(format!("one is in {other}, one in {chapter}")));
            }
        }
        Ok(exercises)
    }
}
