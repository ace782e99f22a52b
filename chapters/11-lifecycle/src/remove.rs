//! `rm`: the record, and with it all that a container has left.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use process::record::{self, Known};
use process::{Error, Kind, Result, State};

use crate::{KIND, Life, stop};

/// All that a container can leave.
pub const KINDS: [Kind; 4] = [net_ns::KIND, cgroups::KIND, overlay::KIND, KIND];

/// How long somebody else may have the record.
const PATIENCE: Duration = Duration::from_secs(10);

/// What to do with a container that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfItRuns {
    /// Leave it.
    Refuse,
    /// End it.
    End,
}

/// Removes a container.
///
/// # Errors
/// If it runs, or something of it cannot be removed: that stays recorded.
pub fn remove(it: &Known, if_it_runs: IfItRuns) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let is_late = Instant::now() > deadline;
        if let Some(state) = State::open(&it.id)? {
            return remove_record(state);
        }
        // With --rm, it goes by itself.
        let Some(now) = record::known_by_id(&it.id)? else { return Ok(()) };
        if is_late {
            let step = format!("lock the record of {}", it.word());
            return Err(Error::from_errno(step, Errno::ETIMEDOUT));
        }
        match if_it_runs {
            IfItRuns::End => stop::end_at_any_rate(&now)?,
            IfItRuns::Refuse if Life::of(&now)?.status.is_running() => return Err(runs(&now)),
            // Somebody else has it: to start it, or to remove it.
            IfItRuns::Refuse => {}
        }
        sleep(Duration::from_millis(1));
    }
}

fn runs(it: &Known) -> Error {
    let word = it.word();
    Error::new(format!("cannot remove container {word}: it is running"))
        .with_hint(format!("lab stop {word} stops it; lab rm -f {word} ends it first"))
        .with_exit_code(Error::REFUSED)
}

// ANCHOR: remove
/// Removes a record that we have locked. It is made an abandoned one first: what is left of it if
/// we are killed is swept by the next one who looks.
pub(crate) fn remove_record(mut state: State) -> Result<()> {
    if state.stays() {
        state.give_up()?;
    }
    for swept in process::sweep(&state, &KINDS) {
        swept?;
    }
    Ok(())
}
// ANCHOR_END: remove
