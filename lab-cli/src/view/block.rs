//! The aspects in words, before they are laid out.

use super::model::View;
use super::observe::namespaces::differences;
use super::row::{Mark, Row};
use super::words::Words;
use crate::namespace::{Kind, Namespaces};

/// One aspect in words.
#[derive(Debug)]
pub struct Block {
    /// Its name, at most twelve letters.
    pub title: &'static str,
    /// Whose it is.
    pub mark: Option<Mark>,
    /// Both sides in one line each.
    pub brief: [String; 2],
    /// Both sides in full.
    pub full: [Vec<String>; 2],
}

impl Block {
    fn of<T: Words>(title: &'static str, row: &Row<T>) -> Self {
        let unknown = || "not to be seen".to_owned();
        let brief = |side: &Option<T>| side.as_ref().map_or_else(unknown, T::brief);
        let full = |side: &Option<T>| side.as_ref().map_or_else(|| vec![unknown()], T::full);
        Self {
            title,
            mark: row.mark,
            brief: [brief(&row.host), brief(&row.container)],
            full: [full(&row.host), full(&row.container)],
        }
    }
}

/// All aspects, in the order in which the chapters take them up.
pub fn blocks(view: &View) -> Vec<Block> {
    let mut blocks = vec![
        Block::of("processes", &view.processes),
        Block::of("root", &view.root),
        Block::of("mounts", &view.mounts),
        Block::of("host name", &view.hostname),
        Block::of("IPC objects", &view.ipc),
        Block::of("network", &view.network),
        Block::of("cgroup", &view.cgroup),
        Block::of("users", &view.users),
        Block::of("capabilities", &view.capabilities),
        namespaces(&view.namespaces),
    ];
    if view.files_changed.container.is_some() {
        let mut files = Block::of("files", &view.files_changed);
        // The host has no upper layer that could be compared.
        (files.brief[0], files.full[0]) = Default::default();
        blocks.push(files);
    }
    blocks
}

/// The one aspect in which the two columns are about each other.
fn namespaces(row: &Row<Namespaces>) -> Block {
    let mut block = Block::of("namespaces", row);
    let (shared, own) = differences(row);
    let names = |kinds: &[Kind]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" ");
    block.brief = match (shared.len(), own.len()) {
        (_, 0) => ["shared: all".to_owned(), "none of its own".to_owned()],
        // What is said in fewer words: a column is narrow.
        (few, more) if few <= more => [format!("shared: {}", names(&shared)), names(&own)],
        _ => [format!("shared: all but {}", names(&own)), names(&own)],
    };
    for line in &mut block.full[1] {
        if own.iter().any(|kind| line.starts_with(kind.name())) {
            *line += " own";
        }
    }
    block
}
