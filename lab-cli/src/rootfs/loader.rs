//! Which libraries a program would be given on this host: the search of ld.so(8).
//!
//! The loader is not asked (`ldd` runs it, and with it code of the program), but
//! followed. For each needed name it takes the first of these that fits the machine:
//!
//! ```text
//!   1  DT_RPATH of the asking file and of those that asked for it
//!   2  DT_RUNPATH of the asking file           instead of 1, if there is one
//!   3  /etc/ld.so.cache                        glibc only
//!   4  its standard directories
//! ```

use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::elf::Elf;
use super::ld_cache;

/// The directories that some loader has built in. Those of musl are among them.
const STANDARD: [&str; 5] = ["/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib"];

/// What the loader of this host knows.
pub struct Loader {
    cache: HashMap<OsString, Vec<PathBuf>>,
    configured: Vec<PathBuf>,
    standard: Vec<PathBuf>,
    files: HashMap<PathBuf, Option<Rc<Elf>>>,
}

impl Loader {
    /// Reads the host's settings.
    pub fn of_host() -> Self {
        let cache = fs::read(ld_cache::PATH).map(|file| ld_cache::parse(&file)).unwrap_or_default();
        let configured = if cache.is_empty() { configured_directories() } else { Vec::new() };
        let mut standard: Vec<PathBuf> = STANDARD.iter().map(PathBuf::from).collect();
        // Debian's builds look into /usr/lib/x86_64-linux-gnu and its like first.
        let multiarch = |dir: &str| {
            let entries = fs::read_dir(dir).into_iter().flatten().flatten();
            let is_triplet = |path: &PathBuf| path.to_string_lossy().contains("-linux-");
            entries.map(|entry| entry.path()).filter(is_triplet).collect::<BTreeSet<_>>()
        };
        standard.splice(0..0, multiarch("/lib").into_iter().chain(multiarch("/usr/lib")));
        Self { cache, configured, standard, files: HashMap::new() }
    }

    /// Every file that `program` needs in order to start, without itself.
    ///
    /// # Errors
    /// What is missing, in words.
    pub fn needs(&mut self, program: &Path) -> Result<BTreeSet<PathBuf>, String> {
        let elf = self.read(program).ok_or("no program of this machine, or not readable")?;
        let mut needs = BTreeSet::new();
        if let Some(interpreter) = &elf.interpreter {
            if interpreter.exists() {
                needs.insert(interpreter.clone())
            } else {
                return Err(format!("its loader {} is missing", interpreter.display()));
            };
        }
        let mut asking = vec![(elf.clone(), elf.rpath.clone())];
        while let Some((file, rpath)) = asking.pop() {
            for name in &file.needed {
                let library = self
                    .find(name, &file, &rpath)
                    .ok_or_else(|| format!("it needs {}, which is missing", name.display()))?;
                if needs.insert(library.clone())
                    && let Some(elf) = self.read(&library)
                {
                    let rpath = [elf.rpath.as_slice(), &rpath].concat();
                    asking.push((elf, rpath));
                }
            }
        }
        Ok(needs)
    }

    /// The library that `file` is given when it asks for `name`.
    fn find(&mut self, name: &OsStr, file: &Elf, rpath: &[PathBuf]) -> Option<PathBuf> {
        if name.as_encoded_bytes().contains(&b'/') {
            return Some(name.into()).filter(|path: &PathBuf| path.exists());
        }
        let own = if file.runpath.is_empty() { rpath } else { &file.runpath };
        let in_directory = |dir: &PathBuf| dir.join(name);
        let candidates: Vec<PathBuf> = own
            .iter()
            .map(in_directory)
            .chain(self.cache.get(name).into_iter().flatten().cloned())
            .chain(self.configured.iter().chain(&self.standard).map(in_directory))
            .collect();
        // A host with libraries for two machines has two files of one name.
        candidates
            .into_iter()
            .find(|path| self.read(path).is_some_and(|elf| elf.machine == file.machine))
    }

    /// A library that is loaded by name at run time, for a program like `file`.
    pub fn find_optional(&mut self, name: &str, program: &Path) -> Option<PathBuf> {
        let program = self.read(program)?;
        self.find(OsStr::new(name), &program, &[])
    }

    /// Whether a loader finds `library` with no cache and no settings to help it.
    pub fn is_standard(&self, library: &Path) -> bool {
        let real = |dir: &Path| dir.canonicalize().ok();
        let Some(parent) = library.parent().and_then(real) else { return false };
        // /usr/local/lib is standard for musl only, which has no cache to copy.
        let is_local = |dir: &PathBuf| dir.starts_with("/usr/local");
        self.standard.iter().any(|dir| !is_local(dir) && real(dir).as_ref() == Some(&parent))
    }

    fn read(&mut self, path: &Path) -> Option<Rc<Elf>> {
        if let Some(known) = self.files.get(path) {
            return known.clone();
        }
        let elf = Elf::read(path).ok().flatten().map(Rc::new);
        self.files.insert(path.to_owned(), elf.clone());
        elf
    }
}

/// The directories of `/etc/ld.so.conf` and of the files that it includes.
fn configured_directories() -> Vec<PathBuf> {
    let lines = |path: &Path| -> Vec<String> {
        let text = fs::read_to_string(path).unwrap_or_default();
        let without_comment = |line: &str| line.split('#').next().unwrap_or("").trim().to_owned();
        text.lines().map(without_comment).collect()
    };
    let expand = |line: String| match line.strip_prefix("include ") {
        Some(pattern) => matching(pattern.trim()).iter().flat_map(|file| lines(file)).collect(),
        None => vec![line],
    };
    let all = lines(Path::new("/etc/ld.so.conf")).into_iter().flat_map(expand);
    all.filter(|line| line.starts_with('/')).map(PathBuf::from).collect()
}

/// The files that `dir/*.conf` names; other patterns are not in use.
fn matching(pattern: &str) -> Vec<PathBuf> {
    let Some((dir, suffix)) = pattern.split_once('*') else { return vec![pattern.into()] };
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.as_os_str().as_encoded_bytes().ends_with(suffix.as_bytes()))
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_of_this_host_has_all_that_it_needs() {
        let needs = Loader::of_host().needs(Path::new("/bin/sh")).unwrap();
        assert!(needs.iter().all(|path| path.exists()), "{needs:?}");
    }

    #[test]
    fn without_the_cache_the_same_libraries_are_found_in_their_directories() {
        let real = |needs: BTreeSet<PathBuf>| -> BTreeSet<PathBuf> {
            needs.into_iter().map(|path| path.canonicalize().unwrap()).collect()
        };
        let with = Loader::of_host().needs(Path::new("/bin/sh")).unwrap();
        let mut loader = Loader::of_host();
        loader.cache.clear();
        loader.configured = configured_directories();
        assert_eq!(real(loader.needs(Path::new("/bin/sh")).unwrap()), real(with));
    }
}
