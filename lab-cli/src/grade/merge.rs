//! Reports of several machines, joined into one.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use process::{Error, Result, Step};

use super::report::Report;

/// Reads and joins them, in their order.
///
/// # Errors
/// If one cannot be read, is of another course, or has a submission that another has.
pub fn merge(files: &[PathBuf]) -> Result<Report> {
    let mut merged: Option<Report> = None;
    let mut names = BTreeSet::new();
    for file in files {
        let report = read(file)?;
        for sheet in &report.submissions {
            if !names.insert(sheet.name.clone()) {
                let (name, file) = (&sheet.name, file.display());
                return Err(Error::new(format!("merge {file}: {name} was graded twice"))
                    .hint("each submission must be in one report only"));
            }
        }
        match &mut merged {
            None => merged = Some(report),
            Some(merged) => {
                if merged.course != report.course {
                    let (one, other) = (&merged.course, &report.course);
                    let file = file.display();
                    return Err(Error::new(format!(
                        "merge {file}: its course is {other}, the others' is {one}"
                    )));
                }
                merged.seed = merged.seed.filter(|seed| report.seed == Some(*seed));
                merged.submissions.extend(report.submissions);
            }
        }
    }
    merged.ok_or_else(|| Error::new("merge: there are no reports"))
}

fn read(file: &Path) -> Result<Report> {
    let text = fs::read_to_string(file).step(|| format!("read {}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| {
        Error::new(format!("read {}: {error}", file.display()))
            .hint("only reports of `lab grade --format json` can be merged")
    })
}
