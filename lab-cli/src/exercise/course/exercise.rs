//! An exercise: what it says of itself, and its files.

use std::path::PathBuf;

use process::{Error, Result};
use serde::Deserialize;

use super::files::{Files, LARGEST_TOML, directories, files};
use crate::beneath::read_plain;

/// One exercise.
#[derive(Clone, Debug)]
pub struct Exercise {
    /// What it is called on the command line.
    pub name: String,
    /// The directory of its chapter, such as `03-mount-ns`.
    pub chapter: String,
    /// Its own directory in the course.
    pub dir: PathBuf,
    /// What it says of itself.
    pub about: About,
}

/// `exercise.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// A few words.
    pub title: String,
    /// What is asked of the learner.
    pub kind: Kind,
    /// What it is worth.
    pub points: u32,
    /// How long it takes, about.
    pub minutes: u32,
    /// Its place in the chapter; the lower come first.
    #[serde(default)]
    pub order: u32,
    /// Without which its check is skipped.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// What its program may use, by the name in `use`.
    #[serde(default)]
    pub libraries: Vec<String>,
    /// Files beside the exercise's directory that several starters of the chapter have.
    #[serde(default)]
    pub given: Vec<String>,
    /// The learner's files; all others are the course's.
    pub edit: Vec<String>,
}

/// What is asked of the learner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// To write a function.
    Build,
    /// To find and mend one mistake.
    Repair,
    /// To say what a command will show.
    Predict,
    /// To find out how a fact is seen.
    Observe,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Build, Self::Repair, Self::Predict, Self::Observe];

    /// As `exercise.toml` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Build => "build",
            Self::Repair => "repair",
            Self::Predict => "predict",
            Self::Observe => "observe",
        }
    }

    /// Whether the answer is a program.
    pub fn is_program(self) -> bool {
        matches!(self, Self::Build | Self::Repair)
    }
}

/// What not every host or user has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// To be root.
    Root,
    /// A cgroup in which others can be made.
    Cgroups,
}

impl Exercise {
    pub(super) fn place(&self) -> (&str, u32, &str) {
        (&self.chapter, self.about.order, &self.name)
    }

    /// Whether its program makes cgroups.
    pub fn needs_cgroups(&self) -> bool {
        self.about.needs.contains(&Need::Cgroups)
    }

    /// Its chapter's number.
    pub fn chapter_number(&self) -> usize {
        let digits = self.chapter.split('-').next().unwrap_or_default();
        digits.parse().unwrap_or_default()
    }

    /// One of its texts.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn text(&self, name: &str) -> Result<String> {
        let path = self.dir.join(name);
        let text = read_plain(&path, LARGEST_TOML)?;
        String::from_utf8(text)
            .map_err(|_| Error::new(format!("{}: it is no text", path.display())))
    }

    /// What the learner gets, by name.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn starter(&self) -> Result<Files> {
        let mut starter = files(&self.dir.join("starter"))?;
        for name in &self.about.given {
            let path = self.dir.with_file_name(name);
            starter.insert(name.clone(), read_plain(&path, LARGEST_TOML)?);
        }
        Ok(starter)
    }

    /// The files that differ in the solution.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn solution(&self) -> Result<Files> {
        files(&self.dir.join("solution"))
    }

    /// The answers that must not pass: a name, and the files that differ.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn wrong(&self) -> Result<Vec<(String, Files)>> {
        let dir = self.dir.join("wrong");
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        directories(&dir)?
            .into_iter()
            .map(|name| Ok((name.clone(), files(&dir.join(name))?)))
            .collect()
    }

    /// The hints, in the order of the file.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn hints(&self) -> Result<Vec<String>> {
        let text = self.text("hints.md")?;
        let sections = text.split("\n## ").enumerate().filter_map(|(number, section)| {
            let section = if number == 0 { section.strip_prefix("## ")? } else { section };
            Some(section.trim().to_owned())
        });
        Ok(sections.collect())
    }
}
