//! `check.toml`: what is run, and which facts must hold then.
//!
//! It is data and no code, so that a teacher can keep other ones (`--checks DIR`), and so
//! that nothing of a check can be fooled by what it checks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result};
use serde::Deserialize;

use super::exercise::Exercise;
use super::files::read_toml;
use crate::exercise::facts;
use crate::exercise::facts::fact::{Fact, LONGEST, within};
use crate::exercise::facts::scene::Whose;
use crate::exercise::values::{Draw, Generator, Values};

/// The whole file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What is drawn anew each time.
    #[serde(default)]
    pub values: BTreeMap<String, Draw>,
    /// What is run, one after the other; the first that fails ends the check.
    #[serde(default)]
    pub case: Vec<Case>,
    /// For an exercise of the kind predict: what is asked, and where the truth is.
    #[serde(default)]
    pub question: Vec<Question>,
    /// For an exercise of the kind observe: the container that is looked at.
    pub observe: Option<Observe>,
    /// The directory in which it was found, with its snapshots.
    #[serde(skip)]
    pub dir: PathBuf,
}

/// One run of the program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What it shows, as a sentence.
    pub about: String,
    /// The program's arguments.
    #[serde(default)]
    pub run: Vec<String>,
    /// Files that are there before: a path, and what is in it.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Symbolic links that are there before: a path, and where it leads.
    #[serde(default)]
    pub links: BTreeMap<String, String>,
    /// Files of the starter that are others in this case, and by which they are replaced: a
    /// kernel that this host is not. The program is built with them.
    #[serde(default)]
    pub given: BTreeMap<String, String>,
    /// What must hold, in this order.
    #[serde(default)]
    pub fact: Vec<Fact>,
    /// The exit code: short for a fact.
    pub exit: Option<String>,
    /// All that is printed: short for a fact.
    pub stdout: Option<String>,
    /// The file in `snapshots/` that says what is printed.
    pub snapshot: Option<String>,
    /// What must not be left behind: `processes`, `mounts`, `cgroups`, `links`, `files`.
    #[serde(default)]
    pub nothing_left: Vec<String>,
    /// The hint for what has no hint of its own.
    pub hint: Option<usize>,
    /// How long the program may take, in seconds.
    #[serde(default = "seconds")]
    pub seconds: u64,
}

fn seconds() -> u64 {
    5
}

/// One question of a prediction.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name in `prediction.toml`.
    pub name: String,
    /// The arguments of `lab run`.
    pub run: Vec<String>,
    /// Those of another container, which is there before, if there is one.
    #[serde(default)]
    pub beside: Vec<String>,
    /// What comes in while it runs: a command each.
    #[serde(default)]
    pub enter: Vec<Vec<String>>,
    /// Which field is asked for, and what is looked at to know it.
    pub truth: BTreeMap<String, Truth>,
    /// Which hint helps.
    pub hint: Option<usize>,
}

/// Where the truth about one answer is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Truth {
    /// What is looked at.
    pub look: String,
    /// Whose.
    #[serde(default)]
    pub of: Whose,
}

/// The container of an observation.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observe {
    /// The arguments of `lab run`.
    pub run: Vec<String>,
    /// What comes in while it runs: a command each.
    #[serde(default)]
    pub enter: Vec<Vec<String>>,
    /// What the learner's script must print.
    pub look: String,
    /// Whose fact it is.
    #[serde(default)]
    pub of: Whose,
    /// Which hint helps.
    pub hint: Option<usize>,
}

impl Check {
    /// Reads the check of an exercise, or the one for it in `checks` if there is one.
    ///
    /// # Errors
    /// If it cannot be read, has nothing in it, or asks for what does not exist.
    pub fn read(exercise: &Exercise, checks: Option<&Path>) -> Result<Self> {
        let other = checks.map(|checks| checks.join(&exercise.name));
        let is_there = |dir: &PathBuf| dir.join("check.toml").exists();
        let dir = other.filter(is_there).unwrap_or_else(|| exercise.dir.clone());
        let path = dir.join("check.toml");
        let check = Self { dir, ..read_toml(&path)? };
        let is_empty = check.case.is_empty() && check.question.is_empty();
        if is_empty && check.observe.is_none() {
            return Err(Error::new(format!("{} checks nothing", path.display())));
        }
        check.validate(&path).map_err(|why| Error::new(format!("{}: {why}", path.display())))?;
        Ok(check)
    }

    /// Whether all looks and values exist: a slip is to be found by reading, not by the
    /// first learner who comes so far.
    fn validate(&self, path: &Path) -> std::result::Result<(), String> {
        self.case.iter().try_for_each(Case::validate)?;
        self.case.iter().flat_map(Case::facts).try_for_each(|fact| {
            facts::exists(&fact.look)?;
            fact.validate()
        })?;
        let truths = self.question.iter().flat_map(|question| question.truth.values());
        let looks = truths.map(|truth| &truth.look);
        looks
            .chain(self.observe.iter().map(|observe| &observe.look))
            .try_for_each(|look| facts::exists(look))?;
        let drawn =
            Values::draw(&self.values, &mut Generator::new(0, "")).map_err(|it| it.to_string())?;
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        match drawn.missing_in(&text) {
            Some(name) => Err(format!("there is no value {{{name}}}")),
            None => Ok(()),
        }
    }
}

impl Case {
    /// All its facts: those that are spelled out, then the short ones.
    pub fn facts(&self) -> Vec<Fact> {
        let after = |look: &str, is: &str| Fact {
            look: look.to_owned(),
            of: Whose::Host,
            is: Some(is.to_owned()),
            after: true,
            hint: self.hint,
            within: within(),
            ..Fact::default()
        };
        let mut facts = self.fact.clone();
        facts.extend(self.exit.as_ref().map(|code| after("exit", code)));
        facts.extend(self.stdout.as_ref().map(|text| after("stdout", text)));
        facts.extend(self.snapshot.as_ref().map(|name| after(&format!("snapshot {name}"), "same")));
        facts.extend(self.nothing_left.iter().map(|what| after(&format!("left {what}"), "none")));
        for fact in &mut facts {
            fact.hint = fact.hint.or(self.hint);
        }
        facts
    }

    fn validate(&self) -> std::result::Result<(), String> {
        match self.seconds {
            1..=LONGEST => Ok(()),
            seconds => Err(format!("{seconds} seconds: a program gets 1 to {LONGEST}")),
        }
    }

    /// A run of the course's own runtime: there is nothing to be checked about it.
    pub fn of_lab(words: &[String]) -> Self {
        Self {
            about: String::new(),
            run: words.to_owned(),
            files: BTreeMap::new(),
            links: BTreeMap::new(),
            given: BTreeMap::new(),
            fact: Vec::new(),
            exit: None,
            stdout: None,
            snapshot: None,
            nothing_left: Vec::new(),
            hint: None,
            seconds: 2 * seconds(),
        }
    }

    /// Whether the command goes on until it is ended.
    pub fn is_endless(&self) -> bool {
        self.run.iter().any(|word| word.contains("{forever}"))
    }
}
