//! Snapshots of what people see, with everything that varies from run to run or from
//! machine to machine replaced by a word.

use std::fs;
use std::path::Path;

/// What is replaced: a regular expression, and the word.
pub const FILTERS: &[(&str, &str)] = &[
    (r"\b[0-9a-f]{12}\b", "<id>"),
    (r"lab-test-[A-Za-z0-9]{6}", "lab-test"),
    (r"/[^\s]*/lab-test-cache/[^\s]*", "<root>"),
    (r"\[40\d{8}\]", "[<inode>]"),
];

/// Compares with the stored snapshot of that name.
#[macro_export]
macro_rules! assert_snapshot {
    ($name:expr, $text:expr) => {
        $crate::assert_snapshot!($name, $text, filters => &[])
    };
    ($name:expr, $text:expr, filters => $more:expr) => {{
        let more: &[(&str, &str)] = $more;
        let mut settings = $crate::snapshot::insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/snapshots"));
        for (pattern, word) in more.iter().chain($crate::snapshot::FILTERS) {
            settings.add_filter(pattern, *word);
        }
        settings.bind(|| $crate::snapshot::insta::assert_snapshot!($name, $text));
    }};
}

/// Replaces what a filter's pattern matches.
pub fn replace(pattern: &str, text: &str, word: &str) -> String {
    regex::Regex::new(pattern).expect("a pattern").replace_all(text, word).into_owned()
}

/// Compares with a stored file that is no snapshot of insta's, since others read it too.
///
/// It is written anew under the same switch: `INSTA_UPDATE=always`.
#[track_caller]
pub fn assert_file(path: &Path, text: &str) {
    let stored = fs::read_to_string(path).unwrap_or_default();
    if stored == text {
        return;
    }
    if std::env::var("INSTA_UPDATE").as_deref() == Ok("always") {
        fs::write(path, text).expect("the file can be written");
        return;
    }
    let path = path.display();
    let update = "INSTA_UPDATE=always cargo test -p lab-tests book";
    panic!("{path} is not what it is now:\n{}\naccept it: {update}", difference(&stored, text));
}

/// The lines of either text from the first that differs to the last.
fn difference(stored: &str, now: &str) -> String {
    let (mut old, mut new) = (stored.lines().peekable(), now.lines().peekable());
    let mut before = 0;
    while old.peek().is_some() && old.peek() == new.peek() {
        old.next();
        new.next();
        before += 1;
    }
    let (mut old, mut new): (Vec<_>, Vec<_>) = (old.collect(), new.collect());
    while old.last().is_some() && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    let lines = old.iter().map(|line| format!("-{line}\n"));
    let lines: String = lines.chain(new.iter().map(|line| format!("+{line}\n"))).collect();
    format!("from line {}:\n{lines}", before + 1)
}

pub use insta;
