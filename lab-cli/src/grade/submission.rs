//! One submission: what is taken from it, and what is not believed.
//!
//! Taken are the files that were the learner's to edit, and from `.lab/course.toml` the
//! learner's seed and what was handed out. Everything in there could have been rewritten
//! by its owner: whoever changes what is said to be handed out can only make work look as
//! if it were not begun. The seed decides which parameters a prediction has; so it must
//! fit the predictions that were handed out, and the teacher's own list if there is one.
//! `.lab/progress.toml` is not even read.

use std::path::Path;

use process::{Error, Result};

use super::beneath::Beneath;
use crate::exercise::bench::{Answer, LARGEST};
use crate::exercise::copy::{self, HANDED_OUT, HandedOut};
use crate::exercise::course::{Exercise, Kind};
use crate::exercise::lines;

/// A copy that was handed in.
pub struct Submission {
    dir: Beneath,
    handed_out: HandedOut,
}

impl Submission {
    /// Opens it.
    ///
    /// # Errors
    /// If it is no copy of the exercises.
    pub fn open(dir: &Path) -> Result<Self> {
        let dir = Beneath::open(dir)?;
        let notes = dir.read(HANDED_OUT, LARGEST)?;
        let notes = notes.ok_or_else(|| Error::new("it is not a copy of the exercises"))?;
        let handed_out = toml::from_str(&String::from_utf8_lossy(&notes))
            .map_err(|error| Error::new(format!("{HANDED_OUT}: {}", error.message())))?;
        Ok(Self { dir, handed_out })
    }

    /// The learner's seed.
    pub fn seed(&self) -> u64 {
        self.handed_out.seed
    }

    /// What the learner has written; `None` if there is nothing but the starter.
    ///
    /// # Errors
    /// If a file is not one that can be handed in.
    pub fn answer(&self, exercise: &Exercise) -> Result<Option<Answer>> {
        let starter = copy::fill(exercise, exercise.starter()?, self.seed())?;
        let (mut answer, mut is_begun) = (Answer::new(), false);
        for name in &exercise.about.edit {
            let path = copy::relative(exercise, name);
            let Some(bytes) = self.dir.read(&path, LARGEST)? else { continue };
            let bytes = lines::plain(&bytes);
            // The starter may have changed in the course since it was handed out.
            let is_starter = starter.get(name) == Some(&bytes)
                || self.handed_out.is_as_handed_out(&path, &bytes);
            is_begun |= !is_starter;
            answer.insert(name.clone(), bytes);
        }
        Ok(is_begun.then_some(answer))
    }

    /// Whether the predictions that were handed out were made with this seed.
    ///
    /// # Errors
    /// If the course cannot be read.
    pub fn fits_its_seed(&self, exercise: &Exercise) -> Result<bool> {
        if exercise.about.kind != Kind::Predict {
            return Ok(true);
        }
        let starter = copy::fill(exercise, exercise.starter()?, self.seed())?;
        Ok(exercise.about.edit.iter().all(|name| {
            let bytes = starter.get(name).map(Vec::as_slice).unwrap_or_default();
            self.handed_out.is_as_handed_out(&copy::relative(exercise, name), bytes)
        }))
    }
}
