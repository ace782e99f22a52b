//! Snapshots of what people see, with everything that varies from run to run or from
//! machine to machine replaced by a word.

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

pub use insta;
