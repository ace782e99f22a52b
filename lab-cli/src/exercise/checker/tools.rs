//! What all checks have in common. It is made once.

use std::cell::{Cell, OnceCell};
use std::path::PathBuf;
use std::time::Instant;

use process::Result;

use super::libraries::Libraries;
use crate::exercise::course::Course;
use crate::rootfs;

/// What all checks have in common.
#[derive(Clone, Debug)]
pub struct Tools {
    course: Course,
    libraries: OnceCell<Libraries>,
    /// The root file system of their containers.
    pub image: PathBuf,
    /// This program, which runs the course's own containers.
    pub lab: PathBuf,
    /// When whatever is being checked is ended.
    pub until: Cell<Option<Instant>>,
    /// Whether the compiler's messages are for a terminal.
    pub colour: bool,
}

impl Tools {
    /// Makes everything ready but the libraries.
    ///
    /// # Errors
    /// If something cannot be made.
    pub fn new(course: &Course, colour: bool) -> anyhow::Result<Self> {
        let lab = process::own_program();
        let (course, libraries) = (course.clone(), OnceCell::new());
        Ok(Self {
            course,
            libraries,
            image: rootfs::pristine()?,
            lab,
            until: Cell::new(None),
            colour,
        })
    }

    /// What programs are linked with; the first time ever it is built. Predictions and
    /// observations do without it, and so without a compiler.
    ///
    /// # Errors
    /// If it cannot be built.
    pub fn libraries(&self) -> Result<&Libraries> {
        if let Some(libraries) = self.libraries.get() {
            return Ok(libraries);
        }
        let libraries = Libraries::get(&self.course)?;
        Ok(self.libraries.get_or_init(|| libraries))
    }
}
