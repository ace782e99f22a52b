//! What people type about containers that are there already: Docker's words.

use std::ffi::OsString;
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use process::record::{self, find_known};
use process::{Error, Result, State, signals};

use crate::list::{HEADS, Which, list};
use crate::remove::IfItRuns;
use crate::{
    AttachOptions, Input, Launched, Life, LogsArgs, attach, freeze, launch, life, logs, remove,
    stop,
};

/// A command about containers.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Command {
    /// List containers
    Ps(ListArgs),
    /// Start containers that do not run
    Start(StartArgs),
    /// Print what a container has said
    Logs(LogsArgs),
    /// See and write to the streams of a container that runs
    Attach(AttachArgs),
    /// Ask containers to end, and wait until they have
    Stop(StopArgs),
    /// Send containers a signal
    Kill(KillArgs),
    /// Stop containers, and start them again
    Restart(StopArgs),
    /// Let all processes of containers stand still
    Pause(Names),
    /// Let them go on
    Unpause(Names),
    /// Wait for the end of containers, and print their exit codes
    Wait(Names),
    /// Remove containers
    Rm(RemoveArgs),
}

/// Which ones are meant.
#[derive(Clone, Debug, clap::Args)]
pub struct Names {
    /// Names or ids, or the beginnings of ids
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<OsString>,
}

/// `ps`.
#[derive(Clone, Debug, clap::Args)]
pub struct ListArgs {
    /// All of them, not only those that run
    #[arg(short, long)]
    pub all: bool,

    /// Only their ids
    #[arg(short, long)]
    pub quiet: bool,

    /// All 64 digits of an id
    #[arg(long)]
    pub no_trunc: bool,
}

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

/// `attach`.
#[derive(Clone, Debug, clap::Args)]
pub struct AttachArgs {
    /// Do not write to it
    #[arg(long)]
    pub no_stdin: bool,

    #[command(flatten)]
    pub how: AttachOptions,

    /// Its name or id, or the beginning of its id
    pub name: OsString,
}

/// `stop`.
#[derive(Clone, Debug, clap::Args)]
pub struct StopArgs {
    /// How long one may take, in seconds, before it is killed [default: as it was made, or 10]
    #[arg(short, long, visible_alias = "timeout", value_name = "SECONDS")]
    pub time: Option<u32>,

    #[command(flatten)]
    pub of: Names,
}

/// `kill`.
#[derive(Clone, Debug, clap::Args)]
pub struct KillArgs {
    /// The signal, by name or number
    #[arg(short, long, value_name = "SIGNAL", default_value = "KILL", value_parser = |word: &str| signals::parse(word))]
    pub signal: i32,

    #[command(flatten)]
    pub of: Names,
}

/// `rm`.
#[derive(Clone, Debug, clap::Args)]
pub struct RemoveArgs {
    /// End those that run
    #[arg(short, long)]
    pub force: bool,

    #[command(flatten)]
    pub of: Names,
}

impl Command {
    /// Whether it acts on containers; a look at them takes no power.
    pub fn needs_root(&self) -> bool {
        !matches!(self, Self::Ps(_) | Self::Wait(_))
    }

    /// Does it, and tells what is to be printed. What fails for one container keeps nothing from
    /// being done with the next. Returns our exit code: that of the command if we were attached.
    ///
    /// # Errors
    /// The first failure; the others are told.
    pub fn run(&self, mut say: impl FnMut(&str), tell: impl Fn(&Error)) -> Result<u8> {
        match self {
            Self::Attach(args) => return args.run(),
            Self::Logs(args) => logs(args),
            Self::Start(args) if args.attach || args.interactive => return args.run_attached(),
            Self::Ps(args) => args.run(say),
            Self::Start(StartArgs { of, .. }) => {
                of.each(&tell, |name| start(name).map(|()| say(name)))
            }
            Self::Stop(StopArgs { time, of }) => {
                of.each(&tell, |name| stop::stop(name, *time).map(|()| say(name)))
            }
            Self::Kill(KillArgs { signal, of }) => {
                of.each(&tell, |name| kill(name, *signal).map(|()| say(name)))
            }
            Self::Restart(StopArgs { time, of }) => of.each(&tell, |name| {
                stop::stop(name, *time)?;
                start(name).map(|()| say(name))
            }),
            Self::Pause(of) => of.each(&tell, |name| freeze::pause(name).map(|()| say(name))),
            Self::Unpause(of) => of.each(&tell, |name| freeze::unpause(name).map(|()| say(name))),
            Self::Wait(of) => of.each(&tell, |name| {
                let code = stop::wait(name)?;
                let unknown = || Error::new(format!("the exit code of {name} is not known"));
                code.map(|code| say(&code.to_string())).ok_or_else(unknown)
            }),
            Self::Rm(RemoveArgs { force, of }) => {
                let if_it_runs = if *force { IfItRuns::End } else { IfItRuns::Refuse };
                of.each(&tell, |name| remove::remove(name, if_it_runs).map(|()| say(name)))
            }
        }
        .map(|()| 0)
    }
}

impl StartArgs {
    fn run_attached(&self) -> Result<u8> {
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

impl AttachArgs {
    fn run(&self) -> Result<u8> {
        let input = if self.no_stdin { Input::Left } else { Input::Forwarded };
        attach(&self.name.to_string_lossy(), &self.how, input).map(|ended| ended.code())
    }
}

impl Names {
    fn each(&self, tell: impl Fn(&Error), mut act: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let mut first = None;
        for name in &self.names {
            if let Err(error) = act(&name.to_string_lossy()) {
                // 125 to 127 are for `run`: here, no command of a container's has a code.
                let error = error.with_exit_code(Error::REFUSED);
                match &first {
                    None => first = Some(error),
                    Some(_) => tell(&error),
                }
            }
        }
        first.map_or(Ok(()), Err)
    }
}

impl ListArgs {
    fn run(&self, mut say: impl FnMut(&str)) -> Result<()> {
        let which = if self.all { Which::All } else { Which::Running };
        let rows = list(which)?;
        let id = |row: &crate::list::Row| match &row.container {
            it if self.no_trunc => it.full_id.clone(),
            it => it.id.clone(),
        };
        if self.quiet {
            rows.iter().for_each(|row| say(&id(row)));
            return Ok(());
        }
        let cells = rows.iter().map(|row| {
            let [_, rest @ ..] = row.cells();
            [vec![id(row)], rest.to_vec()].concat()
        });
        let table: Vec<Vec<String>> =
            [HEADS.map(str::to_owned).to_vec()].into_iter().chain(cells).collect();
        let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max();
        for row in &table {
            let padded = row.iter().enumerate().map(|(column, cell)| {
                let width = width(column).unwrap_or_default();
                format!("{cell:<width$}")
            });
            say(padded.collect::<Vec<_>>().join("   ").trim_end());
        }
        Ok(())
    }
}

/// Starts one that does not run; one that does is as it shall be.
fn start(name: &str) -> Result<()> {
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
                life::want_running(&it.dir)?;
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

/// Sends a running one a signal.
fn kill(name: &str, signal: i32) -> Result<()> {
    let it = find_known(name)?;
    if !Life::of(&it)?.status.is_running() {
        let error = Error::new(format!("cannot kill container {name}: it is not running"));
        return Err(error.with_exit_code(Error::REFUSED));
    }
    if signal == libc::SIGKILL {
        return stop::end(&it);
    }
    stop::send(&it, signal)
}
