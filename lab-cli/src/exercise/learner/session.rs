//! Where a learner sits: the course, their copy, and how far they are.

use std::io::{IsTerminal, stdin};

use colored::Colorize;
use process::{Error, Result, Step};

use super::copy::Copy;
use super::progress::Progress;
use super::prose::fitted;
use crate::exercise::course::{Course, Exercise};
use crate::output::{self, println};

/// All that the commands of a learner are about.
pub struct Session {
    /// The course.
    pub course: Course,
    /// Their copy.
    pub copy: Copy,
    /// What is noted of it.
    pub progress: Progress,
}

impl Session {
    /// The session in the copy that we are in.
    ///
    /// # Errors
    /// If we are in none.
    pub fn find() -> Result<Self> {
        let (course, copy) = (Course::find()?, Copy::find()?);
        let progress = Progress::read(&copy)?;
        Ok(Self { course, copy, progress })
    }

    /// The exercise that is meant; it is the current one from now on.
    ///
    /// # Errors
    /// If there is none.
    pub fn take(&mut self, name: Option<&str>) -> Result<Exercise> {
        let exercise = self.progress.choose(name, &self.copy, &self.course)?;
        if self.progress.current.as_ref() != Some(&exercise.name) {
            self.progress.current = Some(exercise.name.clone());
            self.progress.write(&self.copy)?;
        }
        Ok(exercise)
    }

    /// The first exercise that is not solved.
    ///
    /// # Errors
    /// If the course cannot be read.
    pub fn first_unsolved(&self) -> Result<Option<Exercise>> {
        let exercises = self.course.exercises()?;
        Ok(exercises.into_iter().find(|exercise| !self.progress.of(exercise).solved))
    }

    /// The task, and what to type: one screen.
    ///
    /// # Errors
    /// If the course cannot be read.
    pub fn show(&self, exercise: &Exercise) -> Result<()> {
        let about = &exercise.about;
        let line = format!(
            "{}, {} · {} · {} · about {} minutes",
            exercise.chapter,
            exercise.name.bold(),
            about.kind.name(),
            points(about.points),
            about.minutes
        );
        println!("{line}\n\n{}", fitted(exercise.text("README.md")?.trim_end()));
        let files = about.edit.iter().map(|file| self.copy.path_of(exercise, file));
        let files: Vec<String> = files.map(|path| path.display().to_string()).collect();
        println!("\n{}  {}", "edit".cyan().bold(), files.join(" "));
        println!("{}  lab exercise check    (or watch; hint helps)", "then".cyan().bold());
        Ok(())
    }

    /// All exercises, and how far it is.
    ///
    /// # Errors
    /// If the course cannot be read.
    pub fn list(&self) -> Result<()> {
        let exercises = self.course.exercises()?;
        let width = exercises.iter().map(|exercise| exercise.name.len()).max().unwrap_or(0);
        let (mut chapter, mut solved, mut reached, mut all) = ("", 0, 0u64, 0u64);
        for exercise in &exercises {
            if exercise.chapter != chapter {
                chapter = &exercise.chapter;
                println!("{}", chapter.bold());
            }
            let record = self.progress.of(exercise);
            let is_current = self.progress.current.as_ref() == Some(&exercise.name);
            let mark = match (record.solved, is_current) {
                (true, _) => "✓".green(),
                (false, true) => "▸".cyan(),
                (false, false) => "·".dimmed(),
            };
            let (name, about) = (&exercise.name, &exercise.about);
            let seen = if record.solution_seen { "  (solution seen)" } else { "" };
            let (kind, worth) = (about.kind.name(), about.points);
            println!("  {mark} {name:width$}  {kind:7}  {worth:3}  {}{seen}", about.title);
            solved += usize::from(record.solved);
            reached += u64::from(record.points);
            all += u64::from(worth);
        }
        println!("\n{solved} of {} solved, {reached} of {all} points", exercises.len());
        Ok(())
    }
}

fn points(number: u32) -> String {
    format!("{number} {}", if number == 1 { "point" } else { "points" })
}

/// Asks for a yes. Where nobody can answer, `--yes` is the answer.
///
/// # Errors
/// If there is no terminal, and no `--yes`.
pub fn ask(question: &str, is_yes: bool) -> Result<bool> {
    if is_yes {
        return Ok(true);
    }
    if !stdin().is_terminal() {
        let question = question.trim_end_matches('?');
        return Err(Error::new(format!("{question}: nobody is there to answer"))
            .with_hint("with --yes it is done without asking"));
    }
    output::tell(&format!("{question} [y/N] "));
    let mut line = String::new();
    stdin().read_line(&mut line).step(|| "read the answer")?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}
