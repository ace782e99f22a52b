//! `lab rootfs`: where the default root file systems are, and what is in them.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use colored::Colorize;
use process::Result;
use serde::Serialize;

use super::cache::Cache;
use super::image::{About, Image};
use super::origin::Origin;
use super::plan::LeftOut;
use super::roots::{self, RESET_HINT};
use super::{damage, working};
use crate::columns::{Long, lines};
use crate::output::{self, println};

/// Show the default root file systems, or restore the one that you changed
///
/// LAB_ROOTFS_FROM=busybox|host says what they are made from; without it, a static
/// busybox is taken where the host has one, else the host's own tools with their
/// libraries. LAB_CACHE_DIR says where they are kept.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// Print everything as JSON
    #[arg(long)]
    json: bool,

    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Print a root's path: for a chapter's own program, --rootfs "$(lab rootfs path)"
    Path {
        /// The image that is never changed, instead of the working root
        #[arg(long)]
        image: bool,
    },
    /// Make the working root new, and remove images that are out of date
    Reset,
}

/// Runs `lab rootfs`.
///
/// # Errors
/// If a root cannot be made, read or removed.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.action {
        Some(Action::Path { image: true }) => println!("{}", roots::pristine()?.display()),
        Some(Action::Path { image: false }) => {
            let working = roots::working()?;
            if let Some(damage) = working.damage {
                output::tell(&format!(
                    "{} {damage}; {RESET_HINT}\n",
                    "the working root is damaged:".yellow()
                ));
            }
            println!("{}", working.path.display());
        }
        Some(Action::Reset) => {
            for line in working::reset()? {
                println!("{line}");
            }
        }
        None if args.json => println!("{}", serde_json::to_string_pretty(&Report::read()?)?),
        None => Report::read()?.print(),
    }
    Ok(ExitCode::SUCCESS)
}

/// All that is shown.
#[derive(Serialize)]
struct Report {
    image: Root,
    /// `None` until a chapter has used it.
    working: Option<Root>,
}

/// One root.
#[derive(Serialize)]
struct Root {
    path: PathBuf,
    /// What is wrong with it, in words.
    damage: Option<String>,
    /// Whether the host has changed since it was made.
    is_outdated: bool,
    #[serde(flatten)]
    about: About,
}

impl Report {
    fn read() -> Result<Self> {
        let cache = Cache::locate()?;
        let image = cache.image(Origin::choose()?)?;
        let read = |root: &Image| -> Result<Root> {
            Ok(Root {
                path: root.root(),
                damage: damage::of(root)?,
                is_outdated: fs::read(root.files()).ok() != fs::read(image.files()).ok(),
                about: root.about()?,
            })
        };
        let working = working::locate(&cache)?;
        let working = working.dir().exists().then(|| read(&working)).transpose()?;
        Ok(Self { image: read(&image)?, working })
    }

    fn print(&self) {
        let title = |text: &str| format!("{text:<14}").bold();
        println!("{}{}", title("image"), self.image.path.display());
        println!("{}for chapter 07 on, which never write to it", title(""));
        for line in self.image.describe() {
            println!("{}{line}", title(""));
        }
        match &self.working {
            Some(working) => {
                println!("{}{}", title("working root"), working.path.display());
                println!("{}for chapters 01 to 06, and yours to change", title(""));
                for line in working.describe() {
                    println!("{}{line}", title(""));
                }
            }
            None => println!("{}made when one of chapters 01 to 06 runs", title("working root")),
        }
        let About { programs, left_out, .. } = &self.image.about;
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for LeftOut { program, reason } in left_out {
            reasons.entry(reason).or_default().push(program);
        }
        let left_out = reasons
            .iter()
            .flat_map(|(reason, programs)| wrap(&format!("{}: {reason}", programs.join(", "))));
        for (name, lines) in
            [("programs", wrap(&programs.join(" "))), ("left out", left_out.collect())]
        {
            for (index, line) in lines.iter().enumerate() {
                println!("{}{line}", title(if index == 0 { name } else { "" }));
            }
        }
    }
}

impl Root {
    /// What it is made of and in which state it is, a line each.
    fn describe(&self) -> Vec<String> {
        let About { origin, files, bytes, .. } = &self.about;
        let origin = match origin {
            Origin::Busybox => "a static busybox",
            Origin::Host => "this host's own tools",
        };
        let mut lines = vec![format!("{} MiB in {files} files, from {origin}", mebibytes(*bytes))];
        lines.push(match &self.damage {
            None => "whole".green().to_string(),
            Some(damage) => format!("{} {damage}; {RESET_HINT}", "damaged:".red()),
        });
        if self.is_outdated {
            lines.push("older than the image; `lab rootfs reset` brings it up to date".to_owned());
        }
        lines
    }
}

/// Rounded to one digit.
fn mebibytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / f64::from(1 << 20))
}

/// A text in lines that fit beside the titles.
fn wrap(text: &str) -> Vec<String> {
    const WIDTH: usize = 64; // columns
    lines(text.split(' '), WIDTH, Long::Whole)
}
