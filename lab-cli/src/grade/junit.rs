//! JUnit's XML, which most systems for continuous integration can show: a test suite for
//! each submission, a test case for each exercise.

use std::fmt::Write;

use super::report::{Mark, Outcome, Report, Sheet};

/// The report as XML.
pub fn of(report: &Report) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for sheet in &report.submissions {
        suite(&mut text, sheet);
    }
    text + "</testsuites>\n"
}

fn suite(text: &mut String, sheet: &Sheet) {
    let results: Vec<Outcome> = sheet.exercises.iter().map(|mark| mark.result).collect();
    let count = |is: &dyn Fn(&&Outcome) -> bool| results.iter().filter(is).count();
    let failures = count(&|result| **result == Outcome::Failed);
    let errors = count(&|result| **result == Outcome::Error) + usize::from(sheet.error.is_some());
    let skipped = count(&|result| matches!(result, Outcome::NotBegun | Outcome::Skipped));
    let tests = sheet.exercises.len() + usize::from(sheet.error.is_some());
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" \
         skipped=\"{skipped}\"{}>",
        escaped(&sheet.name),
        time(sheet.milliseconds)
    );
    if let Some(why) = &sheet.error {
        let why = escaped(why);
        let _ = writeln!(
            text,
            "    <testcase classname=\"submission\" name=\"open\">\
             <error message=\"{why}\"/></testcase>"
        );
    }
    for mark in &sheet.exercises {
        case(text, mark);
    }
    text.push_str("  </testsuite>\n");
}

fn case(text: &mut String, mark: &Mark) {
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\"{}",
        escaped(&mark.chapter),
        escaped(&mark.name),
        time(mark.milliseconds)
    );
    let element = match mark.result {
        Outcome::Passed => {
            text.push_str("/>\n");
            return;
        }
        Outcome::Failed => "failure",
        Outcome::Error => "error",
        Outcome::NotBegun | Outcome::Skipped => "skipped",
    };
    let why = escaped(mark.why.as_deref().unwrap_or(mark.result.name()));
    let _ = writeln!(text, "><{element} message=\"{why}\"/></testcase>");
}

fn time(milliseconds: Option<u64>) -> String {
    let seconds = milliseconds.map(|milliseconds| milliseconds as f64 / 1000.0);
    seconds.map_or(String::new(), |seconds| format!(" time=\"{seconds:.3}\""))
}

fn escaped(text: &str) -> String {
    let mut result = String::new();
    for c in text.chars() {
        match c {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            // XML 1.0 has no way to write these at all.
            '\u{fffe}' | '\u{ffff}' => result.push('?'),
            c if c.is_control() => result.push('?'),
            c => result.push(c),
        }
    }
    result
}
