//! Facts: what a check can look at, one small file a subject.
//!
//! Everything is seen from outside, in the kernel's files about a process, or by a
//! process of ours that has entered its namespaces. Nothing is asked of the program
//! that is being checked.
//!
//! ```text
//!   look = "mount type /proc"      the first words name a look, the rest is for it
//!   of   = "container"             whose: a process in the sandbox
//!   is   = "proc"                  a comparison
//! ```
//!
//! The vocabulary is the table below: [`LOOKS`].

mod capabilities;
mod cgroups;
mod descriptors;
mod end;
pub mod fact;
mod files;
mod layers;
mod left;
mod mounts;
mod names;
mod namespaces;
mod network;
mod processes;
pub mod scene;
mod settings;
pub mod tree;
mod users;

use scene::{Look, Scene, Seen, Whose};

/// All groups of looks.
const LOOKS: [&[Look]; 14] = [
    namespaces::LOOKS,
    mounts::LOOKS,
    names::LOOKS,
    processes::LOOKS,
    descriptors::LOOKS,
    network::LOOKS,
    cgroups::LOOKS,
    users::LOOKS,
    capabilities::LOOKS,
    files::LOOKS,
    layers::LOOKS,
    settings::LOOKS,
    end::LOOKS,
    left::LOOKS,
];

/// Whether there is such a look.
///
/// # Errors
/// If there is none.
pub fn exists(look: &str) -> Result<(), String> {
    find(look).map(drop).ok_or_else(|| format!("there is no look {look:?}"))
}

/// Looks.
pub fn look(scene: &Scene<'_>, whose: Whose, look: &str) -> Seen {
    let Some((found, rest)) = find(look) else {
        return Seen::nothing(look, "there is no such look");
    };
    match scene.subject(whose) {
        Ok(subject) => (found.run)(scene, &subject, rest),
        Err(why) => Seen::nothing(format!("the {}", whose.name()), why),
    }
}

/// The look with the longest name that `text` begins with, and the rest of the words.
fn find(text: &str) -> Option<(&'static Look, &str)> {
    let rest_of = |look: &Look| {
        let rest = text.strip_prefix(look.name)?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
    };
    let all = LOOKS.into_iter().flatten();
    all.filter_map(|look| Some((look, rest_of(look)?))).max_by_key(|(look, _)| look.name.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_name_of_a_look_wins() {
        assert_eq!(
            find("mount type /proc").map(|(look, rest)| (look.name, rest)),
            Some(("mount type", "/proc"))
        );
        assert_eq!(find("mounts").map(|(look, _)| look.name), Some("mounts"));
        assert!(find("mountain").is_none());
    }
}
