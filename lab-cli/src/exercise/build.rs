//! Building a learner's program: rustc, in a sandbox, with the libraries of the kit.
//!
//! A compiler reads whatever file its input names (`include_bytes!`), and can be kept
//! busy for ever. So it sees nothing but the compiler, the libraries and the answer.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use process::{Error, Result};

use super::bench::Bench;
use super::beneath::Beneath;
use super::course::Exercise;
use super::host;
use super::sandbox::{End, Limits, Sandbox};

/// Where the sandbox shows the compiler, the libraries, and what comes of them.
const RUST: &str = "/rust";
const KIT: &str = "/kit";
const PROGRAM: &str = "/work/program";

/// A build takes half a second; a machine under load gets some more.
const PATIENCE: Duration = Duration::from_secs(60);

const LIMITS: Limits = Limits { memory: 2 << 30, processes: 256, disk: 512 << 20, cpu: 20 };

/// The exit codes of who was ended by SIGXCPU, and by SIGKILL.
const TOO_LONG: u8 = 128 + libc::SIGXCPU as u8;
const KILLED: u8 = 128 + libc::SIGKILL as u8;

/// What came of a build.
#[derive(Clone, Debug)]
pub struct Built {
    /// The program; `None` if it could not be built.
    pub program: Option<Vec<u8>>,
    /// What the compiler says: errors, or warnings.
    pub messages: String,
}

/// Builds the sources of an exercise.
///
/// # Errors
/// If the sandbox cannot be made. What is wrong with the sources is no error of ours.
pub fn build(
    bench: &Bench,
    exercise: &Exercise,
    sources: &BTreeMap<String, Vec<u8>>,
) -> Result<Built> {
    let kit = bench.kit()?;
    let colour = if bench.colour { "always" } else { "never" };
    let mut argv: Vec<String> = [
        "/rust/bin/rustc",
        "--edition=2024",
        "--crate-name=exercise",
        "--crate-type=bin",
        "-Cpanic=abort",
        "-Cdebuginfo=0",
        "-Cstrip=debuginfo",
        "-Ldependency=/kit",
        "--color",
        colour,
        "-o",
        PROGRAM,
        "src/main.rs",
    ]
    .map(str::to_owned)
    .into();
    for name in &exercise.about.libraries {
        let file = kit.library(name).and_then(Path::file_name).ok_or_else(|| {
            let name = &exercise.name;
            Error::new(format!("{name}/exercise.toml: the kit has no library {name}"))
        })?;
        argv.extend(["--extern".to_owned(), format!("{name}={KIT}/{}", file.display())]);
    }
    let mut plan = host::plan(argv, LIMITS);
    plan.until = bench.until.get();
    plan.shown.push((kit.sysroot.clone(), RUST.into()));
    plan.shown.push((kit.dependencies.clone(), KIT.into()));
    for (name, bytes) in sources {
        plan.files.push(host::file(format!("/work/src/{name}"), bytes.clone(), 0o644));
    }

    let mut sandbox = Sandbox::start(&plan)?;
    let end = sandbox.wait(PATIENCE)?.cloned();
    let mut messages = sandbox.errors();
    let program = match end {
        Some(End::Exited(0)) => {
            // By its name in there, which may stand for anything.
            let root = Beneath::open(&sandbox.path_of("/"))?;
            root.read(Path::new(&PROGRAM[1..]), LIMITS.disk)?
        }
        Some(End::Exited(TOO_LONG)) => {
            messages.push_str("error: the compiler was ended: it used too much processor time\n");
            None
        }
        Some(End::Exited(KILLED) | End::Killed) => {
            messages.push_str("error: the compiler was killed: it used too much memory\n");
            None
        }
        Some(End::Exited(code)) => {
            if messages.is_empty() {
                messages = format!("error: the compiler has ended with exit code {code}\n");
            }
            None
        }
        None => {
            messages.push_str("error: the compiler did not come to an end\n");
            None
        }
    };
    Ok(Built { program, messages })
}
