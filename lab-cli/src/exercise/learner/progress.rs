//! How far a learner is: `.lab/progress.toml`.

use std::collections::BTreeMap;
use std::path::Path;

use process::{Error, Result};
use serde::{Deserialize, Serialize};

use super::copy::Copy;
use crate::exercise::course::answer::LARGEST;
use crate::exercise::course::files::parse_toml;
use crate::exercise::course::{Course, Exercise};

/// Where it is in a copy.
const FILE: &str = ".lab/progress.toml";

/// What is noted of all exercises.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Progress {
    /// The exercise that commands without a name are about.
    pub current: Option<String>,
    /// Each exercise by name, if anything was done with it.
    #[serde(default)]
    pub exercises: BTreeMap<String, Record>,
}

/// What is noted of one exercise.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// Whether a check has passed.
    #[serde(default)]
    pub solved: bool,
    /// What it was worth.
    #[serde(default)]
    pub points: u32,
    /// How often it was checked.
    #[serde(default)]
    pub attempts: u32,
    /// How many hints were shown.
    #[serde(default)]
    pub hints: usize,
    /// Whether the solution was shown.
    #[serde(default)]
    pub solution_seen: bool,
}

impl Progress {
    /// Reads it; who has done nothing yet has none.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(copy: &Copy) -> Result<Self> {
        let Some(bytes) = copy.files().read(Path::new(FILE), LARGEST)? else {
            return Ok(Self::default());
        };
        parse_toml(Path::new(FILE), &bytes)
            .map_err(|error| error.with_hint("without that file everything begins anew"))
    }

    /// Writes it down.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, copy: &Copy) -> Result<()> {
        let text = toml::to_string(self).map_err(|error| Error::new(error.to_string()))?;
        copy.files().write(Path::new(FILE), text.as_bytes())
    }

    /// What is noted of an exercise.
    pub fn of(&self, exercise: &Exercise) -> Record {
        self.exercises.get(&exercise.name).cloned().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn note(&mut self, exercise: &Exercise) -> &mut Record {
        self.exercises.entry(exercise.name.clone()).or_default()
    }

    /// The exercise that is meant: by name, by where we are, or the current one.
    ///
    /// # Errors
    /// If there is no such exercise, or none is current.
    pub fn choose(&self, name: Option<&str>, copy: &Copy, course: &Course) -> Result<Exercise> {
        let exercises = course.exercises()?;
        let find = |name: &str| exercises.iter().find(|exercise| exercise.name == name).cloned();
        if let Some(name) = name {
            // A shell completes the path of its directory.
            let name = name.trim_end_matches('/').rsplit('/').next().unwrap_or(name);
            return find(name).ok_or_else(|| {
                Error::new(format!("there is no exercise {name}"))
                    .with_hint("lab exercise list shows them all")
            });
        }
        let here = copy.here().and_then(|name| find(&name));
        let current = || self.current.as_deref().and_then(find);
        here.or_else(current).ok_or_else(|| {
            Error::new("no exercise is the current one")
                .with_hint("lab exercise next goes to the first")
        })
    }
}
