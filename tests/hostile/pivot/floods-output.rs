//! A submission that no learner should hand in.

use std::path::Path;

use process::Result;

/// Prints without end, with what commands a terminal.
pub fn pivot(_: &Path) -> Result<()> {
    loop {
        print!("\u{1b}[2J\u{1b}]0;mine\u{7}");
        eprintln!("\u{1b}[31m{}", "much too much ".repeat(1000));
    }
}
