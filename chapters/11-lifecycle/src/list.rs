//! `ps`: the records, and who has them locked.

use std::time::Duration;

use cgroups::hierarchies;
use process::record::{Known, known, unreadable};
use process::{Error, Result, printable};

use crate::life::now;
use crate::{Life, Status};

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

impl ListArgs {
    pub(crate) fn run(&self, mut say: impl FnMut(&str), tell: impl Fn(&Error)) -> Result<()> {
        let which = if self.all { Which::All } else { Which::Running };
        let rows = list(which, tell)?;
        let id = |row: &Row| match &row.container {
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

/// Which of them are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that run.
    Running,
    /// All.
    All,
}

/// A line of the list.
#[derive(Clone, Debug)]
pub struct Row {
    /// The container.
    pub container: Known,
    /// What is true of it.
    pub life: Life,
}

/// The containers, the last one first. Of one that cannot be read, that is told.
///
/// # Errors
/// If the records cannot be listed.
pub fn list(which: Which, tell: impl Fn(&Error)) -> Result<Vec<Row>> {
    unreadable()?.iter().for_each(&tell);
    let trees = hierarchies()?;
    let rows = known()?.into_iter().filter_map(|container| {
        let life = Life::in_hierarchies(&container, &trees);
        let life = life.inspect_err(&tell).ok()?;
        Some(Row { container, life })
    });
    let is_meant = |row: &Row| which == Which::All || row.life.status.is_running();
    Ok(rows.filter(is_meant).collect())
}

/// The heads of the columns.
pub const HEADS: [&str; 6] = ["CONTAINER ID", "CHAPTER", "COMMAND", "CREATED", "STATUS", "NAMES"];

impl Row {
    /// What stands in the columns.
    pub fn cells(&self) -> [String; 6] {
        let Known { id, chapter, command, name, created, .. } = &self.container;
        let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
        let command = shortened(&printable(&words.join(" ")));
        [
            id.clone(),
            printable(chapter.get(..10).unwrap_or(chapter)),
            format!("\"{command}\""),
            format!("{} ago", ago(*created)),
            self.life.in_words(),
            printable(name.as_deref().unwrap_or_default()),
        ]
    }
}

impl Life {
    /// `Up 5 minutes`, `Exited (0) 2 hours ago`, `Created`.
    pub fn in_words(&self) -> String {
        let code = self.exit_code.map_or("?".to_owned(), |code| code.to_string());
        let up = self.started.map_or_else(String::new, ago);
        let since = self.finished.map_or(String::new(), |then| format!(" {} ago", ago(then)));
        match self.status {
            Status::Created => "Created".to_owned(),
            Status::Running => format!("Up {up}"),
            Status::Paused => format!("Up {up} (Paused)"),
            Status::Restarting => format!("Restarting ({code}){since}"),
            Status::Exited => format!("Exited ({code}){since}"),
        }
    }
}

/// `About a minute`, `5 hours`: as Docker says it.
fn ago(then: u64) -> String {
    let time = Duration::from_millis(now().saturating_sub(then)).as_secs();
    match time {
        0 => "Less than a second".to_owned(),
        1 => "1 second".to_owned(),
        2..60 => format!("{time} seconds"),
        60..120 => "About a minute".to_owned(),
        120..3600 => format!("{} minutes", time / 60),
        3600..7200 => "About an hour".to_owned(),
        7200..172_800 => format!("{} hours", time / 3600),
        172_800..1_209_600 => format!("{} days", time / 86_400),
        1_209_600..5_184_000 => format!("{} weeks", time / 604_800),
        5_184_000..63_072_000 => format!("{} months", time / 2_592_000),
        _ => format!("{} years", time / 31_536_000),
    }
}

/// As much of a command as Docker shows: twenty characters.
fn shortened(text: &str) -> String {
    if text.chars().count() <= 20 {
        return text.to_owned();
    }
    text.chars().take(19).chain(['…']).collect()
}
