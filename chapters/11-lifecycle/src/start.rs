//! `start`: once more, from the record.

use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use process::record::{self, find_known};
use process::{Error, Result, State};

use crate::commands::Names;
use crate::{AttachOptions, Input, Launched, Life, attach, launch, wanted};

/// `start`.
#[derive(Clone, Debug, clap::Args)]
pub struct StartArgs {
    /// Stay attached to it until it has ended
    #[arg(short, long)]
    pub attach: bool,

    /// The same, and write to it
    #[arg(short, long)]
    pub interactive: bool,

    #[command(flatten)]
    pub how: AttachOptions,

    #[command(flatten)]
    pub of: Names,
}

impl StartArgs {
    pub(crate) fn run_attached(&self) -> Result<u8> {
        let [name] = &*self.of.names else {
            return Err(Error::new("one container at a time can be started and attached to"));
        };
        let input = if self.interactive { Input::Forwarded } else { Input::Left };
        let name = name.to_string_lossy();
        let ended = match launched(&name)? {
            Some(held) => held.attach(&self.how, input),
            None => attach(&name, &self.how, input),
        };
        ended.map(|ended| ended.code())
    }
}

/// Starts one that does not run; one that does is as it shall be.
pub(crate) fn start(name: &str) -> Result<()> {
    launched(name)?.map_or(Ok(()), Launched::start)
}

/// One that does not run, held before its start; `None` if it runs.
fn launched(name: &str) -> Result<Option<Launched>> {
    let it = find_known(name)?;
    let gone = || Error::new(format!("no such container: {name}")).with_exit_code(Error::REFUSED);
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match State::open(&it.id)? {
            Some(state) if state.stays() => {
                wanted::running(&it.dir)?;
                return launch(state).map(Some);
            }
            Some(state) => {
                state.leave(); // To be swept: it was to go when it had ended.
                return Err(gone());
            }
            None => {}
        }
        let now = record::known_by_id(&it.id)?.ok_or_else(gone)?;
        if Life::of(&now)?.status.is_running() {
            return Ok(None);
        }
        if Instant::now() > deadline {
            return Err(Error::from_errno(format!("start {name}"), Errno::ETIMEDOUT));
        }
        sleep(Duration::from_millis(1));
    }
}
