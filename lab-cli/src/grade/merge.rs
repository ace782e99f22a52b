//! Reports of several machines, joined into one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use process::{Error, Result};

use super::report::Report;
use crate::beneath::read_plain;

/// The largest report, in bytes: that of a few thousand submissions.
const LARGEST: u64 = 256 << 20;

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
                    .with_hint("each submission must be in one report only"));
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
    let mut report: Report =
        serde_json::from_slice(&read_plain(file, LARGEST)?).map_err(|error| {
            Error::new(format!("read {}: {error}", file.display()))
                .with_hint("only reports of `lab grade --format json` can be merged")
        })?;
    report.clean();
    Ok(report)
}
