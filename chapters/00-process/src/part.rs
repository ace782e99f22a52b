//! What a container is made of beside its process, and in which order that goes.
//!
//! There are two ways to the end of a container. Its runtime lets go of what it owns, part
//! by part; or the runtime was killed, and whoever comes next knows what there is from the
//! record alone. The order is the same, and is written here.

use std::fmt::Debug;

use crate::record::orphan::{self, Orphan};
use crate::{Outcome, Result, State};

/// When a part is removed: the first of these first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It holds processes. A process that still runs uses all the rest.
    Processes,
    /// It leads to the container from outside.
    Ways,
    /// It holds the container's files.
    Files,
}

/// A kind of part that the kernel does not free by itself.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// When it is removed.
    pub turn: Turn,
    /// Removes it when its runtime is gone, by the record alone: what was removed, a line each.
    pub sweep: fn(&State) -> Result<Vec<String>>,
}

/// Something a container is made of beside its process: a network, a cgroup, a layer.
///
/// Dropping it removes it.
pub trait Part: Debug {
    /// Which kind it is; `None` if nothing of it outlives the process.
    fn kind(&self) -> Option<Kind> {
        None
    }

    /// What the user should know before the container starts, a line each.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Adds what it knows of the container's life, after its end.
    ///
    /// # Errors
    /// If something of it could not be read.
    fn report(&self, _outcome: &mut Outcome) -> Result<()> {
        Ok(())
    }
}

/// Puts parts in the order in which they are removed.
pub(crate) fn sort(parts: &mut [Box<dyn Part>]) {
    parts.sort_by_key(|part| part.kind().map_or(Turn::Files, |kind| kind.turn));
}

/// Removes what an abandoned container has left, of these kinds: what was removed, and what
/// could not be.
pub fn sweep(state: &State, kinds: &[Kind]) -> Vec<Result<String>> {
    if let Err(error) = state.check_is_abandoned() {
        return vec![Err(error)];
    }
    let mut kinds = kinds.to_vec();
    // A container that stays has its files again at the next start.
    kinds.retain(|kind| !(state.stays() && kind.turn == Turn::Files));
    kinds.sort_by_key(|kind| kind.turn);
    let (holders, others): (Vec<_>, Vec<_>) =
        kinds.into_iter().partition(|kind| kind.turn == Turn::Processes);
    // The first process, and all others that are held beside it. Somebody may have frozen
    // them in there, so that they end only when that is removed.
    let orphan = orphan::kill(state);
    let held: Vec<_> = holders.iter().flat_map(|kind| kind.swept(state)).collect();
    let ended = orphan.and_then(|orphan| orphan.map(Orphan::wait).transpose());
    let mut swept: Vec<_> = ended.transpose().into_iter().chain(held).collect();
    // A process that still runs uses the rest.
    if swept.iter().all(Result::is_ok) {
        swept.extend(others.iter().flat_map(|kind| kind.swept(state)));
    }
    swept
}

impl Kind {
    fn swept(&self, state: &State) -> Vec<Result<String>> {
        match (self.sweep)(state) {
            Ok(lines) => lines.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Made(Option<Turn>);

    impl Part for Made {
        fn kind(&self) -> Option<Kind> {
            self.0.map(|turn| Kind { turn, sweep: |_| Ok(Vec::new()) })
        }
    }

    #[test]
    fn parts_go_in_their_turn_however_they_were_made() {
        let turns = [None, Some(Turn::Files), Some(Turn::Ways), Some(Turn::Processes)];
        let mut parts: Vec<Box<dyn Part>> = Vec::new();
        for turn in turns {
            parts.push(Box::new(Made(turn)));
        }
        sort(&mut parts);
        let sorted: Vec<_> = parts.iter().map(|part| part.kind().map(|kind| kind.turn)).collect();
        assert_eq!(sorted, [Some(Turn::Processes), Some(Turn::Ways), None, Some(Turn::Files)]);
    }
}
