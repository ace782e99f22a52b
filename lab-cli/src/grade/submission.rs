//! One submission: what is taken from it, and what is not believed.
//!
//! Taken are the files that were the learner's to edit, and from `.lab/course.toml` the
//! learner's seed and what was handed out. Everything in there could have been rewritten
//! by its owner: whoever changes what is said to be handed out can only make work look as
//! if it were not begun. The seed decides which parameters a prediction has; so it must
//! fit the predictions that were handed out, and the teacher's own list if there is one.
//! `.lab/progress.toml` is not even read.

use std::fs;
use std::path::Path;

use process::{Error, Result, Step};

use crate::beneath::Beneath;
use crate::exercise::course::answer::{self, Answer, LARGEST};
use crate::exercise::course::{Exercise, Kind};
use crate::exercise::learner::copy::{self, HANDED_OUT, HandedOut};

/// A copy that was handed in.
pub struct Submission {
    dir: Beneath,
    handed_out: HandedOut,
}

/// The most names that are looked at in a submission that is no copy itself.
const MOST_NAMES: usize = 1000;

/// The copy in a directory that is not one: whoever unpacks `anna.zip` into `anna` gets
/// `anna/anna`.
fn one_level_deeper(dir: &Path, top: &Beneath) -> Result<(Beneath, Vec<u8>)> {
    let entries = fs::read_dir(dir).step(|| "list it")?.flatten().take(MOST_NAMES);
    let mut copies = entries.filter_map(|entry| {
        let copy = top.enter(Path::new(&entry.file_name())).ok()??;
        let notes = copy.read(Path::new(HANDED_OUT), LARGEST).ok()??;
        Some((copy, notes))
    });
    let missing = "it is not a copy of the exercises, and no directory in it is one";
    let copy = copies.next().ok_or_else(|| Error::new(missing))?;
    match copies.next() {
        None => Ok(copy),
        Some(_) => Err(Error::new("several directories in it are copies of the exercises")),
    }
}

impl Submission {
    /// Opens it.
    ///
    /// # Errors
    /// If it is no copy of the exercises.
    pub fn open(dir: &Path) -> Result<Self> {
        let (top, handed_out) = (Beneath::open(dir)?, Path::new(HANDED_OUT));
        let (dir, notes) = match top.read(handed_out, LARGEST)? {
            Some(notes) => (top, notes),
            None => one_level_deeper(dir, &top)?,
        };
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
        let starter = answer::fill(exercise, exercise.starter()?, self.seed())?;
        let (mut answer, mut is_begun) = (Answer::new(), false);
        for name in &exercise.about.edit {
            let path = copy::relative(exercise, name);
            let Some(bytes) = self.dir.read(Path::new(&path), LARGEST)? else { continue };
            let bytes = answer::plain(&bytes);
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
        let starter = answer::fill(exercise, exercise.starter()?, self.seed())?;
        Ok(exercise.about.edit.iter().all(|name| {
            let bytes = starter.get(name).map(Vec::as_slice).unwrap_or_default();
            self.handed_out.is_as_handed_out(&copy::relative(exercise, name), bytes)
        }))
    }
}
