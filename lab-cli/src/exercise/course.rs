//! The course on disk: where the exercises are, and what each says of itself.
//!
//! ```text
//!   exercises/03-mount-ns/pivot/
//!   ├── exercise.toml     title, kind, points …          [`About`]
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
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use process::{Error, Result, Step};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::beneath::read_plain;

/// The largest file of this format, in bytes: a list of seeds may have many lines.
const LARGEST_TOML: u64 = 16 << 20;

/// Files by name, and what is in them.
pub type Files = BTreeMap<String, Vec<u8>>;

/// All exercises.
#[derive(Clone, Debug)]
pub struct Course {
    dir: PathBuf,
    checkout: PathBuf,
}

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
                .hint("LAB_COURSE_DIR names the directory `exercises` of a checkout"));
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
                    .hint(format!("one is in {other}, one in {chapter}")));
            }
        }
        Ok(exercises)
    }
}

impl Exercise {
    fn place(&self) -> (&str, u32, &str) {
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

/// Reads a file of this format, with its name in the error.
///
/// # Errors
/// If it cannot be read, or is not of the format.
pub fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    parse_toml(path, &read_plain(path, LARGEST_TOML)?)
}

/// The same for what has been read of it.
///
/// # Errors
/// If it is not of the format.
pub fn parse_toml<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T> {
    toml::from_slice(bytes).map_err(|error| {
        Error::new(format!("{}: {}", path.display(), error.to_string().trim_end()))
    })
}

/// The files of a directory by name, and none of those below it.
fn files(dir: &Path) -> Result<Files> {
    let step = || format!("read the files in {}", dir.display());
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries.step(step)?,
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        let entry = entry.step(step)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().step(step)?.is_file() {
            files.insert(name, fs::read(entry.path()).step(step)?);
        }
    }
    Ok(files)
}

/// The names of the directories in a directory, sorted.
fn directories(dir: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(dir).step(|| format!("list {}", dir.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}
