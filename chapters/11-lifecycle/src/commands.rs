//! What people type about containers that are there already: Docker's words.

use std::ffi::OsString;

use net_ns::{NetworkMode, NetworkPlan};
use process::record::{find_known, look_for};
use process::{Error, Result, signals};
use user_ns::rootless::World;

use crate::list::ListArgs;
use crate::remove::IfItRuns;
use crate::start::StartArgs;
use crate::{AttachOptions, Input, LogsArgs, attach, freeze, logs, remove, start, stop};

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
    /// Where an ordinary user has to be root for it; a look at containers takes no power. One
    /// that is started is in the same world as if it were run.
    pub fn world(&self) -> Option<World<'_>> {
        let starts = match self {
            Self::Ps(_) | Self::Wait(_) => return None,
            Self::Start(StartArgs { of, .. }) | Self::Restart(StopArgs { of, .. }) => of,
            _ => return Some(World::Left),
        };
        let has_bridge = |name: &OsString| -> Result<bool> {
            let network = find_known(&name.to_string_lossy())?.recorded()?;
            let network = network.value::<NetworkPlan>("network")?;
            Ok(network.is_some_and(|plan| matches!(plan.mode, NetworkMode::Bridge(_))))
        };
        // What cannot be found is told by the command itself.
        let is_connected = starts.names.iter().any(|name| has_bridge(name).unwrap_or(false));
        Some(if is_connected { World::Connected { ports: &[] } } else { World::Shared })
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
            Self::Ps(args) => args.run(say, tell),
            Self::Start(StartArgs { of, .. }) => {
                of.each(&tell, |name| start::start(name).map(|()| say(name)))
            }
            Self::Stop(StopArgs { time, of }) => {
                of.each(&tell, |name| stop::stop(name, *time).map(|()| say(name)))
            }
            Self::Kill(KillArgs { signal, of }) => {
                of.each(&tell, |name| stop::kill(name, *signal).map(|()| say(name)))
            }
            Self::Restart(StopArgs { time, of }) => of.each(&tell, |name| {
                stop::refuse_if_it_goes(name)?;
                stop::stop(name, *time)?;
                start::start(name).map(|()| say(name))
            }),
            Self::Pause(of) => of.each(&tell, |name| freeze::pause(name).map(|()| say(name))),
            Self::Unpause(of) => of.each(&tell, |name| freeze::unpause(name).map(|()| say(name))),
            Self::Wait(of) => {
                let mut unknown = None;
                let waited = of.each(&tell, |name| {
                    match stop::wait(name)? {
                        Some(code) => say(&code.to_string()),
                        None => drop(unknown.get_or_insert(name.to_owned())),
                    }
                    Ok(())
                });
                // Of what a container has returned, nothing can be told by 0 or 1.
                let error =
                    |name| Error::new(format!("nobody knows how container {name} has ended"));
                waited.and(unknown.map_or(Ok(()), |name| Err(error(name))))
            }
            Self::Rm(RemoveArgs { force, of }) => {
                let if_it_runs = if *force { IfItRuns::End } else { IfItRuns::Refuse };
                of.each(&tell, |name| match find_known(name) {
                    // What shall be gone in any case is gone.
                    Err(error) if *force && look_for(name)?.is_none() => {
                        tell(&error);
                        Ok(())
                    }
                    it => remove::remove(&it?, if_it_runs).map(|()| say(name)),
                })
            }
        }
        .map(|()| 0)
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
