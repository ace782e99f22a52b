//! `rm`: the record, and with it all that a container has left.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use process::record::find_known;
use process::{Error, Kind, Result, State};

use crate::{KIND, stop};

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
/// If there is none, or it runs, or something of it cannot be removed: that stays recorded.
pub fn remove(word: &str, if_it_runs: IfItRuns) -> Result<()> {
    let it = find_known(word)?;
    if it.is_alive {
        if if_it_runs == IfItRuns::Refuse {
            let word = it.word();
            return Err(Error::new(format!("cannot remove container {word}: it is running"))
                .with_hint(format!("lab stop {word} stops it; lab rm -f {word} ends it first"))
                .with_exit_code(Error::REFUSED));
        }
        stop::end(&it)?;
    }
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(state) = State::open(&it.id)? {
            return remove_record(state);
        }
        if !it.dir.exists() {
            return Ok(()); // With --rm, it has gone by itself.
        }
        if Instant::now() > deadline {
            return Err(Error::from_errno(
                format!("lock the record of {}", it.word()),
                Errno::ETIMEDOUT,
            ));
        }
        sleep(Duration::from_millis(1));
    }
}

// ANCHOR: remove
/// Removes a record that we have locked. It is made an abandoned one first, so that what is left of it
/// if we are killed is swept by the next one who looks.
pub(crate) fn remove_record(mut state: State) -> Result<()> {
    if state.stays() {
        state.keep_no_longer()?;
    }
    for swept in process::sweep(&state, &KINDS) {
        swept?;
    }
    Ok(())
}
// ANCHOR_END: remove
