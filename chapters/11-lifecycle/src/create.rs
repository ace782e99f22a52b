//! A container that is there and does not run: its record.

use std::fs::{self, File};
use std::io::Write;

use process::{Resolved, Result, State, Step};

use crate::{Options, life, remove_record};

/// Makes a container, and no process. Its record is locked by us until what is returned is
/// dropped, and stays.
///
/// # Errors
/// If what it was asked to be makes no sense, or the name is taken: then nothing is left of it.
pub fn create(options: &Options) -> Result<State> {
    let id_file = options.life.cidfile.as_ref().map(|path| {
        let step = || format!("write the id into the new file {}", path.display());
        File::create_new(path).step(step).map(|file| (file, path))
    });
    let id_file = id_file.transpose()?;
    let Some((mut file, path)) = id_file else { return create_record(options) };
    let made = create_record(options).and_then(|state| {
        let written = file.write_all(state.full_id().as_bytes()).step(|| "write the id");
        match written {
            Ok(()) => Ok(state),
            Err(error) => remove_record(state).and(Err(error)),
        }
    });
    if made.is_err() {
        let _ = fs::remove_file(path); // It would tell of a container that is not there.
    }
    made
}

// ANCHOR: create
fn create_record(options: &Options) -> Result<State> {
    let mut state = State::create()?;
    let spec = options.resolve(&state)?;
    life::begin(&state)?;
    state.keep("chapter-11-lifecycle", Resolved::whole(&spec.command, &spec))?;
    Ok(state)
}
// ANCHOR_END: create
