//! The report as people read it: a row for each submission, a column for each chapter.

use std::fmt::Write;

use colored::Colorize;

use super::report::{Outcome, Report, Sheet, sum};

/// The widest that a name is shown.
const WIDEST: usize = 24;

/// The table, and what it all came to.
pub fn of(report: &Report) -> String {
    let mut chapters: Vec<&str> =
        report.exercises().iter().map(|mark| mark.chapter.as_str()).collect();
    chapters.sort_unstable();
    chapters.dedup();
    let names = report.submissions.iter().map(|sheet| sheet.name.chars().count());
    let width = names.max().unwrap_or_default().clamp("submission".len(), WIDEST);

    let mut head = format!("{:<width$}  points   ", "submission");
    for chapter in &chapters {
        let number = chapter.split('-').next().unwrap_or_default();
        let _ = write!(head, " {number:>3}");
    }
    let mut text = format!("{}\n", format!("{head}    time").bold());
    for sheet in &report.submissions {
        let name: String = sheet.name.chars().take(WIDEST).collect();
        let points = format!("{:>3}/{}", sheet.points, sheet.of);
        let _ = write!(text, "{name:<width$}  {points:<9}");
        match &sheet.error {
            Some(why) => {
                let _ = writeln!(text, " {}", why.red());
            }
            None => {
                chapters.iter().for_each(|chapter| text.push_str(&cell(sheet, chapter)));
                let _ = writeln!(text, "  {:>6}", seconds(sheet.milliseconds));
            }
        }
    }
    text + &summary(report)
}

/// The points in a chapter: green if they are all there are, a dot if nothing is begun.
fn cell(sheet: &Sheet, chapter: &str) -> String {
    let marks: Vec<_> = sheet.exercises.iter().filter(|mark| mark.chapter == chapter).collect();
    let points = sum(marks.iter().map(|mark| mark.points));
    let of = sum(marks.iter().map(|mark| mark.of));
    let text = if marks.iter().all(|mark| mark.result == Outcome::NotBegun) {
        "·".to_owned()
    } else {
        points.to_string()
    };
    let text = format!(" {text:>3}");
    match points {
        0 => text.dimmed().to_string(),
        points if points == of => text.green().to_string(),
        _ => text,
    }
}

fn summary(report: &Report) -> String {
    let marks = || report.submissions.iter().flat_map(|sheet| &sheet.exercises);
    let count = |result| marks().filter(|mark| mark.result == result).count();
    let submissions = report.submissions.len();
    let mut text = format!(
        "\n{submissions} submissions: {} exercises passed, {} failed, {} not begun\n",
        count(Outcome::Passed),
        count(Outcome::Failed),
        count(Outcome::NotBegun)
    );
    for result in [Outcome::Skipped, Outcome::Error] {
        let first = marks().find(|mark| mark.result == result);
        if let Some(why) = first.and_then(|mark| mark.why.as_ref()) {
            let _ = writeln!(text, "{} {}, such as: {why}", count(result), result.name());
        }
    }
    let broken = report.submissions.iter().filter(|sheet| sheet.error.is_some()).count();
    if broken > 0 {
        let _ = writeln!(text, "{broken} could not be graded");
    }
    let times = report.submissions.iter().filter_map(|sheet| sheet.milliseconds);
    let (all, timed) =
        times.fold((0u64, 0), |(all, timed), time| (all.saturating_add(time), timed + 1));
    if let Some(mean) = all.checked_div(timed) {
        let (all, mean) = (seconds(Some(all)), seconds(Some(mean)));
        let _ = writeln!(text, "{all} in all, {mean} for each on average");
    }
    text
}

fn seconds(milliseconds: Option<u64>) -> String {
    let seconds = milliseconds.map(|milliseconds| milliseconds as f64 / 1000.0);
    seconds.map_or(String::new(), |seconds| format!("{seconds:.1} s"))
}
