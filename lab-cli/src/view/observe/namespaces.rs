//! Namespaces: which of its own a process has.
//!
//! A namespace has no name, only an inode number on the kernel's `nsfs`, and
//! `readlink /proc/PID/ns/net` tells it: `net:[4026531833]`. Two processes are in one
//! namespace if the numbers are equal. Most marks of the view rest on this fact.

use process::Namespace;

use crate::view::proc::Namespaces;
use crate::view::row::{Mark, Row};
use crate::view::side::Side;
use crate::view::words::Words;

/// Compares the two sides; one difference makes the row the container's own.
pub fn observe(host: &Side, container: &Side) -> Row<Namespaces> {
    let (host, container) = (host.namespaces.clone(), container.namespaces.clone());
    Row {
        mark: Mark::compare(Some(&host), Some(&container)),
        host: Some(host),
        container: Some(container),
    }
}

impl Words for Namespaces {
    /// Numbers alone tell nothing: see [`differences`].
    fn brief(&self) -> String {
        String::new()
    }

    fn full(&self) -> Vec<String> {
        self.iter().map(|(kind, inode)| format!("{:<6} {inode}", kind.name())).collect()
    }
}

/// The kinds that both sides share, and those that the container has for itself.
pub fn differences(row: &Row<Namespaces>) -> (Vec<Namespace>, Vec<Namespace>) {
    let (Some(host), Some(container)) = (&row.host, &row.container) else {
        return Default::default();
    };
    container.keys().partition(|kind| host.get(kind) == container.get(kind))
}
