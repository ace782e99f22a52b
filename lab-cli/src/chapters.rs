//! The chapters: what each adds, and how `lab` makes a container of it.
//!
//! All chapters' options are one grammar, that of the last chapter, since each one
//! takes the options of the chapters before it. From what was parsed, a chapter
//! picks its own; what is left over belongs to a later one.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, FromArgMatches};
use colored::Colorize;
use process::{Container, Error, Namespace, Result, State};

use crate::output::println;

/// Which root file system a chapter runs in, unless `--rootfs` names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultRoot {
    /// The host's own.
    Host,
    /// The learner's working root, into which the container writes.
    Working,
    /// The pristine root, as the lowest layer.
    Pristine,
}

/// One chapter of the course.
pub struct Chapter {
    /// Its number, from 0.
    pub number: usize,
    /// Its package, such as `chapter-07-overlay`.
    pub package: &'static str,
    /// The kernel feature, in the plural: `--memory needs cgroups: they arrive …`.
    pub feature: &'static str,
    /// What the container has of its own from here on.
    pub adds: &'static str,
    /// The namespaces it has of its own, in the order of the chapters.
    pub namespaces: &'static [Namespace],
    /// Where it runs by default.
    pub root: DefaultRoot,
    create: Create,
}

/// What a chapter makes of its options.
pub enum Made {
    /// A container that is held, and ends with us.
    Held(Box<Container>),
    /// The record of one that will have a runtime of its own.
    Kept(State),
}

/// Makes a container from parsed options, in a root if they name none.
type Create = fn(&ArgMatches, Option<PathBuf>) -> Result<Made>;

macro_rules! chapter {
    (@root Host $options:ident $rootfs:ident) => { let _ = (&mut $options, $rootfs); };
    (@root $other:ident $options:ident $rootfs:ident) => {
        $options.root.rootfs = $options.root.rootfs.or($rootfs);
    };
    (@made Kept; $lib:ident $options:ident) => { $lib::create(&$options).map(Made::Kept) };
    (@made ; $lib:ident $options:ident) => { $lib::runtime::create(&$options).map(|it| Made::Held(Box::new(it))) };
    ($number:literal, $package:literal, $lib:ident, $root:ident, $feature:literal, $adds:literal, [$($kind:ident)*] $(, $made:ident)?) => {
        Chapter {
            number: $number,
            package: $package,
            feature: $feature,
            adds: $adds,
            namespaces: &[$(Namespace::$kind),*],
            root: DefaultRoot::$root,
            create: |matches, rootfs| {
                let options = $lib::Options::from_arg_matches(matches);
                let mut options = options.map_err(|error| Error::new(error.to_string()))?;
                chapter!(@root $root options rootfs);
                chapter!(@made $($made)?; $lib options)
            },
        }
    };
}

/// From here on a container has a runtime of its own.
const LIFE_CYCLE: usize = 11;

/// What is so in any case before, and is chosen from there on.
const CHOICES: [&str; 3] = ["interactive", "tty", "rm"];

/// The command-line options of the last chapter, and so of all.
pub type AllOptions = lifecycle::Options;

/// All chapters there are.
#[rustfmt::skip]
pub const CHAPTERS: &[Chapter] = &[
    chapter!(0, "chapter-00-process", process, Host, "processes", "a process, held before its command", []),
    chapter!(1, "chapter-01-chroot", chroot, Working, "root directories", "its own root directory", []),
    chapter!(2, "chapter-02-pid-ns", pid_ns, Working, "PID namespaces", "its own process tree", [Pid]),
    chapter!(3, "chapter-03-mount-ns", mount_ns, Working, "mount namespaces", "its own mounts, /proc, /dev and volumes", [Pid Mnt]),
    chapter!(4, "chapter-04-uts-ipc", uts_ipc, Working, "UTS namespaces", "its own host name, queues and shared memory", [Pid Mnt Uts Ipc]),
    chapter!(5, "chapter-05-net-ns", net_ns, Working, "network namespaces", "its own network, ports published on the host", [Pid Mnt Uts Ipc Net]),
    chapter!(6, "chapter-06-cgroups", cgroups, Working, "cgroups", "its share of memory, CPU and processes", [Pid Mnt Uts Ipc Net Cgroup]),
    chapter!(7, "chapter-07-overlay", overlay, Pristine, "layers", "a writable layer over a read-only image", [Pid Mnt Uts Ipc Net Cgroup]),
    chapter!(8, "chapter-08-user-ns", user_ns, Pristine, "user and time namespaces", "its own users: root inside, nobody outside", [Pid Mnt Uts Ipc Net Cgroup User]),
    chapter!(9, "chapter-09-security", security, Pristine, "capabilities", "little power: capabilities, seccomp, masks", [Pid Mnt Uts Ipc Net Cgroup User]),
    chapter!(10, "chapter-10-enter", enter, Pristine, "joined namespaces", "what others have: joined, entered, copied", [Pid Mnt Uts Ipc Net Cgroup User]),
    chapter!(11, "chapter-11-lifecycle", lifecycle, Pristine, "containers that stay", "a life of its own: kept, stopped, started", [Pid Mnt Uts Ipc Net Cgroup User], Kept),
];

impl Chapter {
    /// `chapter-07`, as people type it.
    pub fn short_name(&self) -> &'static str {
        &self.package[.."chapter-00".len()]
    }

    /// The chapter that people call `chapter-07`, `07`, `7`, `overlay` or
    /// `chapter-07-overlay`.
    pub fn named(name: &str) -> Option<&'static Self> {
        CHAPTERS.iter().find(|chapter| {
            let package = chapter.package;
            name == package
                || name == chapter.short_name()
                || package.strip_suffix(name).is_some_and(|rest| rest.ends_with('-'))
                || name.strip_prefix("chapter-").unwrap_or(name).parse() == Ok(chapter.number)
        })
    }

    /// Makes a container of this chapter from parsed options.
    ///
    /// # Errors
    /// If a step of the creation fails.
    pub fn create(&self, matches: &ArgMatches, rootfs: Option<PathBuf>) -> Result<Made> {
        (self.create)(matches, rootfs)
    }

    /// Whether its containers have a runtime of their own, which stays when we have ended.
    pub fn has_monitor(&self) -> bool {
        self.number >= LIFE_CYCLE
    }

    /// Whether a container of this chapter has a namespace of that kind.
    pub fn has_own(&self, namespace: Namespace) -> bool {
        self.namespaces.contains(&namespace)
    }

    /// Leaves the options of later chapters out of a help text.
    pub fn hide_later_options(&self, command: clap::Command) -> clap::Command {
        command.after_help("").mut_args(|option| {
            let is_choice = self.has_monitor() && CHOICES.contains(&option.get_id().as_str());
            let is_hidden = option.is_hide_set() && !is_choice;
            let is_later = self.later_chapter_of(&option).is_some();
            option.hide(is_hidden || is_later)
        })
    }

    /// Fails if one of the options belongs to a later chapter.
    ///
    /// # Errors
    /// If so: it names that chapter.
    pub fn refuse_later_options<'a>(
        &self,
        matches: &ArgMatches,
        options: impl Iterator<Item = &'a Arg>,
    ) -> Result<()> {
        let is_typed = |option: &&Arg| {
            matches.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine)
        };
        let mut typed = options.filter(is_typed);
        let refused =
            typed.find_map(|option| Some((option.get_long()?, self.later_chapter_of(option)?)));
        let Some((flag, later)) = refused else { return Ok(()) };
        let (feature, chapter) = (later.feature, later.short_name());
        let message = format!("--{flag} needs {feature}: they arrive in {chapter}");
        Err(Error::new(message).with_hint(format!("lab run {chapter} --{flag} …")))
    }

    /// The chapter that brings an option, if it comes after this one. The option's heading in
    /// the help begins with it: `Chapter 05: its own network`.
    fn later_chapter_of(&self, option: &Arg) -> Option<&'static Self> {
        let number = option.get_help_heading()?.strip_prefix("Chapter ")?.get(..2)?;
        Self::named(number).filter(|chapter| chapter.number > self.number)
    }
}

/// Reads a chapter by any of its names, see [`Chapter::named`].
pub fn parser() -> impl TypedValueParser<Value = &'static Chapter> {
    let names = CHAPTERS.iter().map(|chapter| {
        let package = chapter.package;
        PossibleValue::new(chapter.short_name()).help(chapter.adds).aliases([
            package.to_owned(),
            package["chapter-00-".len()..].to_owned(),
            package["chapter-".len()..].to_owned(),
            format!("{:02}", chapter.number),
            chapter.number.to_string(),
            format!("chapter-{}", chapter.number),
        ])
    });
    let named = |name: String| Chapter::named(&name).ok_or("no such chapter");
    PossibleValuesParser::new(names.collect::<Vec<_>>()).try_map(named)
}

/// `lab chapters`: what each adds and isolates.
pub fn list() -> ExitCode {
    println!("{}", format!("{:<22}{:<46}{}", "chapter", "adds", "namespaces").bold());
    let mut before: &[Namespace] = &[];
    for chapter in CHAPTERS {
        let new = chapter.namespaces.iter().filter(|kind| !before.contains(kind));
        let new: String = new.map(|kind| format!(" +{}", kind.name())).collect();
        let line = format!("{:<22}", chapter.package).cyan();
        println!("{}", format!("{line}{:<45}{new}", chapter.adds).trim_end());
        before = chapter.namespaces;
    }
    println!("\nRun one: {}", "lab run chapter-07 -- sh".bold());
    ExitCode::SUCCESS
}
