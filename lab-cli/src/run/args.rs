//! What people type for `lab run`: our own options, and those of the chapters.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches, ValueEnum};

use crate::chapters::{AllOptions, Chapter, parser};

/// `lab run [OPTIONS] CHAPTER [--] COMMAND`.
#[derive(Clone)]
pub struct RunArgs {
    /// Our own options.
    pub own: OwnArgs,
    /// Those of all chapters, as `lab` reads them.
    pub options: AllOptions,
    /// The same for a chapter, which takes what it knows.
    pub matches: ArgMatches,
}

// What is asked of `lab` itself. (A `///` here would be the text of the help.)
#[derive(Args, Clone)]
pub struct OwnArgs {
    /// The chapter: chapter-07, 07, 7 or overlay
    #[arg(value_name = "CHAPTER", value_parser = parser(), hide_possible_values = true)]
    pub chapter: &'static Chapter,

    /// How much to show of what host and container see
    /// [default: brief on a terminal, none in a pipe]
    #[arg(long, value_name = "DETAIL")]
    pub view: Option<ViewChoice>,

    /// Write everything that was seen to a file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// Leave alone what a killed run has left
    // For `lab attack`, which kills a runtime to see what becomes of its container.
    #[arg(long, hide = true)]
    pub no_sweep: bool,
}

/// How much to show.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ViewChoice {
    Full,
    Brief,
    None,
}

impl Args for RunArgs {
    fn augment_args(command: Command) -> Command {
        let all = AllOptions::augment_args(Command::new("all"));
        let mut options: Vec<Arg> = all.get_arguments().cloned().collect();
        // In the order of the chapters; the command has no heading, and stands by itself.
        options.sort_by(|one, other| one.get_help_heading().cmp(&other.get_help_heading()));
        let position = |option: Arg| {
            if option.is_positional() { option.help_heading(None::<&str>) } else { option }
        };
        OwnArgs::augment_args(command)
            .disable_help_flag(true) // chapter 4 has another, as `-h` is the host name
            .args(options.into_iter().map(position))
            .groups(all.get_groups().cloned())
            .after_help("lab run chapter-03 --help shows what chapter 3 takes, and no more.")
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RunArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let (own, options) =
            (OwnArgs::from_arg_matches(matches)?, AllOptions::from_arg_matches(matches)?);
        Ok(Self { own, options, matches: matches.clone() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
