//! Building a learner's program: rustc, in a sandbox, with the libraries of the course.
//!
//! A compiler reads whatever file its input names (`include_bytes!`), and can be kept
//! busy for ever. So it sees nothing but the compiler, the libraries and the answer.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use process::{Error, Result};

use super::tools::Tools;
use crate::beneath::Beneath;
use crate::exercise::course::Exercise;
use crate::exercise::sandbox::plan::{Limits, PROGRAM};
use crate::exercise::sandbox::{End, Sandbox, shown};

/// Where the sandbox shows the compiler, the libraries, and what comes of them.
const RUST: &str = "/rust";
const LIBRARIES: &str = "/libraries";

/// A build takes half a second; a machine under load gets some more.
const PATIENCE: Duration = Duration::from_secs(60);

const LIMITS: Limits = Limits { memory: 2 << 30, processes: 256, disk: 512 << 20, cpu: 20 };

/// The exit codes of a program that was ended by SIGXCPU, and by SIGKILL.
const TOO_LONG: u8 = 128 + Signal::SIGXCPU as u8;
const KILLED: u8 = 128 + Signal::SIGKILL as u8;

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
/// # Errors If the sandbox cannot be made. A mistake in the sources is no error of ours.
pub fn build(
    tools: &Tools,
    exercise: &Exercise,
    sources: &BTreeMap<String, Vec<u8>>,
) -> Result<Built> {
    let libraries = tools.libraries()?;
    let colour = if tools.colour { "always" } else { "never" };
    let mut argv: Vec<String> = [
        "/rust/bin/rustc",
        "--edition=2024",
        "--crate-name=exercise",
        "--crate-type=bin",
        "-Cpanic=abort",
        "-Cdebuginfo=0",
        "-Cstrip=debuginfo",
        "-Ldependency=/libraries",
        "--color",
        colour,
        "-o",
        PROGRAM,
        "src/main.rs",
    ]
    .map(str::to_owned)
    .into();
    for name in &exercise.about.libraries {
        let file = libraries.file(name).and_then(Path::file_name).ok_or_else(|| {
            let name = &exercise.name;
            Error::new(format!("{name}/exercise.toml: there is no library {name}"))
        })?;
        argv.extend(["--extern".to_owned(), format!("{name}={LIBRARIES}/{}", file.display())]);
    }
    let mut plan = shown::plan(argv, LIMITS);
    plan.until = tools.until.get();
    plan.shown.push((libraries.sysroot.clone(), RUST.into()));
    plan.shown.push((libraries.dependencies.clone(), LIBRARIES.into()));
    for (name, bytes) in sources {
        plan.files.push(shown::file(format!("/work/src/{name}"), bytes.clone(), 0o644));
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
