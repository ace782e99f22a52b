//! The aspects in words, before they are laid out.

use process::Namespace;

use super::model::View;
use super::observe::namespaces::differences;
use super::observe::others::{Other, Others, Sharing};
use super::proc::Namespaces;
use super::row::{Mark, Row};
use super::words::Words;

/// One aspect in words.
#[derive(Debug)]
pub struct Block {
    /// Its name, at most twelve letters.
    pub title: &'static str,
    /// Whether it is the container's own.
    pub mark: Option<Mark>,
    /// Whose it is beside that, if others have it as well.
    pub sharing: Option<Sharing>,
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
            sharing: None,
            brief: [brief(&row.host), brief(&row.container)],
            full: [full(&row.host), full(&row.container)],
        }
    }

    /// The same of an aspect that is a kind of namespace.
    fn in_namespace<T: Words>(
        title: &'static str,
        row: &Row<T>,
        kind: Namespace,
        view: &View,
    ) -> Self {
        Self { sharing: view.others.get(&kind).cloned(), ..Self::of(title, row) }
    }

    /// Whose it is, in one word if that is possible.
    pub fn whose(&self) -> String {
        match (self.mark, &self.sharing) {
            (Some(_), Some(sharing)) => whose(sharing).join(", "),
            (Some(Mark::Own), None) => "own".to_owned(),
            (Some(Mark::Shared), None) => "shared".to_owned(),
            (None, _) => "?".to_owned(),
        }
    }
}

/// All aspects, in the order in which the chapters take them up.
pub fn blocks(view: &View) -> Vec<Block> {
    let mut blocks = vec![
        Block::in_namespace("processes", &view.processes, Namespace::Pid, view),
        Block::of("root", &view.root),
        Block::in_namespace("mounts", &view.mounts, Namespace::Mnt, view),
        Block::in_namespace("host name", &view.hostname, Namespace::Uts, view),
        Block::in_namespace("IPC objects", &view.ipc, Namespace::Ipc, view),
        Block::in_namespace("network", &view.network, Namespace::Net, view),
        Block::of("cgroup", &view.cgroup),
        Block::in_namespace("users", &view.users, Namespace::User, view),
        Block::of("capabilities", &view.capabilities),
        namespaces(&view.namespaces, &view.others),
    ];
    if view.files_changed.container.is_some() {
        let mut files = Block::of("files", &view.files_changed);
        // The host has no upper layer that could be compared.
        (files.brief[0], files.full[0]) = Default::default();
        blocks.push(files);
    }
    blocks
}

/// `web's`, or `own` and who has joined it: the owner first.
fn whose(sharing: &Sharing) -> Vec<String> {
    let owner = sharing.owner.as_ref().map_or_else(|| "own".to_owned(), Other::possessive);
    let guests: &[Other] = if sharing.owner.is_some() { &[] } else { &sharing.guests };
    std::iter::once(owner).chain(guests.iter().map(Other::possessive)).collect()
}

/// The one aspect in which the two columns are about each other.
fn namespaces(row: &Row<Namespaces>, others: &Others) -> Block {
    let mut block = Block::of("namespaces", row);
    let (shared, own) = differences(row);
    let names =
        |kinds: &[Namespace]| kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" ");
    let container = by_owner(&own, others).map(|(whose, kinds)| whose + &names(&kinds));
    let container = container.collect::<Vec<_>>().join(", ");
    block.brief = match (shared.len(), own.len()) {
        (_, 0) => ["shared: all".to_owned(), "none of its own".to_owned()],
        // What is said in fewer words: a column is narrow.
        (few, more) if few <= more => [format!("shared: {}", names(&shared)), container],
        _ => [format!("shared: all but {}", names(&own)), container],
    };
    for line in &mut block.full[1] {
        if let Some(kind) = own.iter().find(|kind| line.starts_with(kind.name())) {
            let words = others.get(kind).map_or_else(|| vec!["own".to_owned()], whose);
            *line += &format!(" {}", words.join(", "));
        }
    }
    block
}

/// The kinds that are the container's own, and then `web's ` and those that are web's.
fn by_owner<'a>(
    kinds: &'a [Namespace],
    others: &'a Others,
) -> impl Iterator<Item = (String, Vec<Namespace>)> + 'a {
    let owner = |kind: &Namespace| others.get(kind).and_then(|sharing| sharing.owner.as_ref());
    let mut owners: Vec<_> = kinds.iter().map(owner).collect();
    owners.sort_by_key(|owner| owner.map(Other::possessive));
    owners.dedup();
    owners.into_iter().map(move |this| {
        let whose = this.map_or_else(String::new, |other| other.possessive() + " ");
        (whose, kinds.iter().copied().filter(|kind| owner(kind) == this).collect())
    })
}
