//! What tells an editor's language server how the programs are built.

use crate::exercise::course::{Course, Exercise};

/// The `Cargo.toml` of a copy.
pub fn workspace(exercises: &[Exercise]) -> String {
    let programs = exercises.iter().filter(|exercise| exercise.about.kind.is_program());
    let members: String =
        programs.map(|it| format!("    \"{}/{}\",\n", it.chapter, it.name)).collect();
    format!(
        "# For your editor's language server. `lab exercise check` does not use it.\n\
         [workspace]\nresolver = \"3\"\nmembers = [\n{members}]\n"
    )
}

/// The `Cargo.toml` of a program.
pub fn package(exercise: &Exercise, course: &Course) -> String {
    let mut text = format!(
        "[package]\nname = \"{}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\n",
        exercise.name
    );
    for library in &exercise.about.libraries {
        text.push_str(&course.dependency(library));
    }
    text
}
