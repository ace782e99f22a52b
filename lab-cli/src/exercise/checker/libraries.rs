//! The libraries that exercises link with: built once by cargo, used by rustc directly.
//!
//! ```text
//!   cargo build -p exercise-kit ──▶ $LAB_CACHE_DIR/kit/target/…/libprocess-….rlib …
//!                                   $LAB_CACHE_DIR/kit/index
//! ```
//!
//! The index says where each library is and of what it was made. As long as that has
//! not changed since, cargo is not asked: it takes half a second to find out that
//! nothing is to be done.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use process::{Error, Result, Step, record};
use serde::{Deserialize, Serialize};

use crate::beneath::Beneath;
use crate::exercise::course::Course;
use crate::exercise::course::files::read_toml;
use crate::{output, rootfs};

/// What an exercise's program is linked with, and by which compiler.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Libraries {
    /// A number for the sources and the compiler that they were made of.
    stamp: u64,
    /// The compiler's directory, with `bin/rustc`.
    pub sysroot: PathBuf,
    /// The directory of all libraries.
    pub dependencies: PathBuf,
    /// The libraries by their name in `use`, as files of that directory.
    libraries: BTreeMap<String, PathBuf>,
}

impl Libraries {
    /// Finds the libraries, and builds them first if they are not up to date.
    ///
    /// # Errors
    /// If it cannot be built.
    pub fn get(course: &Course) -> Result<Self> {
        let dir = rootfs::user_directory()?.join("kit");
        let index = dir.join("index");
        let found = read_toml(&index).ok();
        if let Some(libraries) = found
            .filter(|libraries: &Self| stamp(course, &libraries.sysroot) == Ok(libraries.stamp))
        {
            return Ok(libraries);
        }
        let libraries = Self::build(course, &dir)?;
        let text = toml::to_string(&libraries).map_err(|error| Error::new(error.to_string()))?;
        // A reader finds the old one meanwhile, or the new one.
        Beneath::open(&dir)?.write(Path::new("index"), text.as_bytes())?;
        Ok(libraries)
    }

    /// The file of a library, by its name in `use`.
    pub fn file(&self, name: &str) -> Option<&Path> {
        self.libraries.get(name).map(PathBuf::as_path)
    }

    fn build(course: &Course, dir: &Path) -> Result<Self> {
        let step = || "build the libraries of the exercises";
        record::make_private(dir).step(|| format!("create {}", dir.display()))?;
        output::note("building the libraries that your programs use; once, for about a minute");
        let target = dir.join("target");
        let (cargo, rustc) = toolchain();
        let output = Command::new(&cargo)
            .args([
                "build",
                "--quiet",
                "-p",
                "exercise-kit",
                "--message-format=json-render-diagnostics",
            ])
            .arg("--target-dir")
            .arg(&target)
            .current_dir(course.checkout())
            .env("RUSTC", &rustc)
            // Those of an outer cargo would change what is built.
            .env_remove("RUSTFLAGS")
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .step(|| format!("run {}", cargo.display()))
            .map_err(|error| error.with_hint("programs need cargo and rustc: https://rustup.rs"))?;
        if !output.status.success() {
            return Err(Error::new(format!("{}: cargo build failed", step()))
                .with_hint("its messages are above; without a network, the crates must be there"));
        }
        let mut libraries = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            libraries.extend(library_of(line));
        }
        let sysroot = sysroot(course, &rustc)?;
        let stamp = stamp(course, &sysroot)?;
        Ok(Self { stamp, sysroot, dependencies: target.join("debug/deps"), libraries })
    }
}

/// The name and the file in a message of cargo's, if it is about a library.
fn library_of(line: &str) -> Option<(String, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(line).ok()?;
    let files = message.get("filenames")?.as_array()?;
    let mut files = files.iter().filter_map(|file| file.as_str()).map(PathBuf::from);
    let file = files.find(|file| file.extension().is_some_and(|end| end == "rlib"))?;
    // A library of the workspace is put into two places under one name; rustc is to
    // find it beside those it depends on.
    let name = message.get("target")?.get("name")?.as_str()?.replace('-', "_");
    Some((name, file))
}

/// The cargo that has built this program, and its rustc, if they are still there: under
/// sudo PATH is a short one. Otherwise what PATH has.
fn toolchain() -> (PathBuf, PathBuf) {
    let built_by = option_env!("CARGO").map(PathBuf::from);
    let both = built_by.map(|cargo| (cargo.clone(), cargo.with_file_name("rustc")));
    let is_there = |(cargo, rustc): &(PathBuf, PathBuf)| cargo.is_file() && rustc.is_file();
    both.filter(is_there).unwrap_or_else(|| ("cargo".into(), "rustc".into()))
}

fn sysroot(course: &Course, rustc: &Path) -> Result<PathBuf> {
    let output = Command::new(rustc)
        .args(["--print", "sysroot"])
        .current_dir(course.checkout())
        .output()
        .step(|| "ask rustc where it is")?;
    Ok(PathBuf::from(OsStr::from_bytes(output.stdout.trim_ascii())))
}

/// One number for all that the libraries are made of.
fn stamp(course: &Course, sysroot: &Path) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut files = vec![sysroot.join("bin/rustc"), course.checkout().join("Cargo.lock")];
    files.push(course.checkout().join("exercises/kit/Cargo.toml"));
    let chapters = course.checkout().join("chapters");
    for chapter in list(&chapters)? {
        files.push(chapter.join("Cargo.toml"));
        files.extend(list(&chapter.join("src"))?);
    }
    files.sort();
    for file in files {
        let metadata = fs::metadata(&file).step(|| format!("look at {}", file.display()))?;
        (file, metadata.len(), metadata.mtime(), metadata.mtime_nsec()).hash(&mut hasher);
    }
    // TOML's integers have a sign.
    Ok(hasher.finish() >> 1)
}

fn list(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).step(|| format!("list {}", dir.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}
