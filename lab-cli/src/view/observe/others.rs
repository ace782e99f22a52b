//! Other containers in the same namespaces: whose they are, and who else has joined them.
//!
//! That two processes are in one namespace is a fact of the kernel, as all marks are. Whose it
//! is, the kernel does not know: a namespace has no first among its members. So that is read
//! from the records, in which a container that has joined another one says so. These say as
//! well who may be here: all others have nothing to do with a container.

use std::collections::{BTreeMap, BTreeSet};

use enter::{Join, Whose};
use process::Namespace;
use process::record::{Running, guests, running, with_id};
use serde::Serialize;

use crate::view::look::Subject;
use crate::view::proc::Proc;
use crate::view::row::Mark;
use crate::view::side::Side;
use crate::view::text::Text;

/// For each kind of namespace in which others are as well: who.
pub type Others = BTreeMap<Namespace, Sharing>;

/// Who else is in a namespace.
#[derive(Clone, Debug, Serialize)]
pub struct Sharing {
    /// Whose it is; `null` if it is this one's own, or was of one that has ended.
    pub owner: Option<Other>,
    /// All others.
    pub guests: Vec<Other>,
}

/// Another container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Other {
    /// Its id.
    pub id: String,
    /// The name it was given.
    pub name: Option<Text>,
}

impl Other {
    fn of(container: &Running) -> Self {
        let name = container.name.as_deref().map(Text::from);
        Self { id: container.id.clone(), name }
    }

    /// `web's`
    pub fn possessive(&self) -> String {
        format!("{}'s", self.name.as_ref().map_or(&*self.id, Text::as_str))
    }
}

/// Looks who else is where the container is. What is the host's is everybody's, and not
/// counted.
pub fn observe(host: &Side, container: &Side, subject: Subject) -> Others {
    let is_own = |kind: &Namespace| host.compare(container, *kind) == Some(Mark::Own);
    let own: Vec<Namespace> = Namespace::ALL.into_iter().filter(is_own).collect();
    if own.is_empty() {
        return Others::new();
    }
    let all = match subject {
        Subject::Container(_) => joined(),
        Subject::Process(_) => running(),
    };
    let (this, others): (Vec<_>, Vec<_>) =
        all.unwrap_or_default().into_iter().partition(|it| it.pid == container.process.pid);
    let others: Vec<_> = others.into_iter().map(|it| (common(&it, container, &own), it)).collect();
    let sharing = |kind: &Namespace| {
        let mut there: Vec<_> =
            others.iter().filter(|(common, _)| common.contains(kind)).map(|(_, it)| it).collect();
        there.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        let is_ours = this.first().is_some_and(|this| has_made(this, *kind));
        let owner = there.iter().position(|it| !is_ours && has_made(it, *kind));
        let owner = owner.map(|at| Other::of(there.remove(at)));
        let guests: Vec<_> = there.into_iter().map(Other::of).collect();
        (owner.is_some() || !guests.is_empty()).then_some((*kind, Sharing { owner, guests }))
    };
    own.iter().filter_map(sharing).collect()
}

/// The containers that have joined another one, and those that they have joined.
fn joined() -> process::Result<Vec<Running>> {
    let mut all = guests()?;
    let hosts: BTreeSet<_> = all.iter().filter_map(join).flat_map(|join| join.members()).collect();
    let hosts = hosts.into_iter().filter(|id| all.iter().all(|guest| guest.id != *id));
    let hosts: Vec<_> = hosts.filter_map(|id| with_id(&id)).collect();
    all.extend(hosts);
    Ok(all)
}

/// What a container has joined, if its chapter knows of that.
fn join(container: &Running) -> Option<Join> {
    container.recorded().and_then(|recorded| recorded.value("join")).ok().flatten()
}

/// The namespaces that another container has in common with this one, of these kinds.
fn common(other: &Running, container: &Side, kinds: &[Namespace]) -> Vec<Namespace> {
    let Ok(process) = Proc::open(other.pid) else { return Vec::new() };
    let is_common =
        |kind: &&Namespace| process.namespace(**kind).as_ref() == container.namespaces.get(*kind);
    // With several hundred containers, most have nothing in common: few questions are asked.
    let joined = [Namespace::User, Namespace::Pid, Namespace::Ipc, Namespace::Net];
    if kinds.iter().filter(|kind| joined.contains(kind)).any(|kind| is_common(&kind)) {
        kinds.iter().filter(is_common).copied().collect()
    } else {
        Vec::new()
    }
}

/// Whether a container's namespace was made for it.
fn has_made(container: &Running, kind: Namespace) -> bool {
    let Some(join) = join(container) else { return true };
    let is_own = |kind| !matches!(join.whose(kind), Whose::Container(_));
    match kind {
        // They come with any of the others.
        Namespace::User => [Namespace::Pid, Namespace::Ipc, Namespace::Net].into_iter().all(is_own),
        kind => is_own(kind),
    }
}
