//! A row for each submission, a column for each exercise (RFC 4180).

use super::report::{Mark, Outcome, Report};

/// The report as a sheet for a spreadsheet: points where there is a verdict, nothing
/// where the exercise was not begun, and a word where it could not be checked.
pub fn of(report: &Report) -> String {
    let exercises = report.exercises();
    let names = exercises.iter().map(|mark| mark.name.as_str());
    let mut text = row(["name", "points", "of"].into_iter().chain(names).chain(["error"]));
    for sheet in &report.submissions {
        let find = |column: &&Mark| sheet.exercises.iter().find(|mark| mark.name == column.name);
        let cells = exercises.iter().map(|column| find(column).map(cell).unwrap_or_default());
        let first = [sheet.name.clone(), sheet.points.to_string(), sheet.of.to_string()];
        let last = [sheet.error.clone().unwrap_or_default()];
        text.push_str(&row(first.into_iter().chain(cells).chain(last)));
    }
    text
}

fn cell(mark: &Mark) -> String {
    match mark.result {
        Outcome::Passed | Outcome::Failed => mark.points.to_string(),
        Outcome::NotBegun => String::new(),
        result => result.name().to_owned(),
    }
}

fn row<S: AsRef<str>>(cells: impl Iterator<Item = S>) -> String {
    let cells: Vec<String> = cells.map(|cell| quoted(cell.as_ref())).collect();
    cells.join(",") + "\r\n"
}

/// A spreadsheet takes a cell that begins like this for a formula, and computes it. With an
/// apostrophe before it, it is text.
const FORMULA: [char; 10] =
    ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

fn quoted(cell: &str) -> String {
    let apostrophe = if cell.starts_with(FORMULA) { "'" } else { "" };
    let cell = format!("{apostrophe}{cell}");
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}
