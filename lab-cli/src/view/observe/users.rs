//! Users: who a process is, on either side of its user namespace.
//!
//! `/proc/PID/status` tells ids as the *reader's* user namespace has them, and
//! `/proc/PID/uid_map` how the process's own namespace translates:
//!
//! ```text
//!   inside   outside   count
//!        0    100000   65536        root in there is user 100000 out here
//! ```

use process::Namespace;
use serde::Serialize;
use user_ns::maps::{Map, Range};

use crate::view::proc::Proc;
use crate::view::row::{Mark, Row};
use crate::view::side::Side;
use crate::view::words::{Words, plural, shorten};

/// Who a process is.
#[derive(Clone, Debug, Serialize)]
pub struct Users {
    /// Its effective user id on this side; `null` if it has no number there.
    pub uid: Option<u32>,
    /// Its effective group id on this side.
    pub gid: Option<u32>,
    /// The user ids of its user namespace.
    pub uid_map: Map,
    /// The group ids of its user namespace.
    pub gid_map: Map,
}

/// The process's user as we have it, and as it has it.
pub fn observe(host: &Side, container: &Side) -> Row<Users> {
    let mark = host.compare(container, Namespace::User);
    let (host, target) = (&host.process, &container.process);
    let effective = |field| container.status.numbers::<u32>(field).get(1).copied();
    let (uid, gid) = (effective("Uid"), effective("Gid"));
    let (uid_map, gid_map) = (map(target, "uid_map"), map(target, "gid_map"));
    // Our own map leads further out, not from us to us, as status does.
    let is_ours = mark != Some(Mark::Own);
    let inner = |id: Option<u32>, map: &Map| if is_ours { id } else { map.inside(id?) };
    let container =
        Users { uid: inner(uid, &uid_map), gid: inner(gid, &gid_map), uid_map, gid_map };
    let host = Users { uid, gid, uid_map: map(host, "uid_map"), gid_map: map(host, "gid_map") };
    Row { mark, host: Some(host), container: Some(container) }
}

fn map(process: &Proc, file: &str) -> Map {
    Map::parse(&process.read(file).unwrap_or_default())
}

impl Words for Users {
    fn brief(&self) -> String {
        let id = self.uid.map_or("a user without a number".to_owned(), |uid| format!("uid {uid}"));
        match self.uid_map.ranges() {
            [] => format!("{id}, no ids mapped"),
            [one] if is_identity(one) => id,
            map => {
                let outside = map.iter().find(|range| self.uid == Some(range.inside));
                match outside {
                    Some(range) => format!("{id} = {} outside", range.outside),
                    None => format!("{id}, {} mapped", plural(map.len(), "range", "ranges")),
                }
            }
        }
    }

    fn full(&self) -> Vec<String> {
        let id = |id: Option<u32>| id.map_or("none".to_owned(), |id| id.to_string());
        let mut lines = vec![format!("uid {}, gid {}", id(self.uid), id(self.gid))];
        for (name, map) in [("uids", &self.uid_map), ("gids", &self.gid_map)] {
            match map.ranges() {
                [] => lines.push(format!("{name}: none mapped")),
                [one] if is_identity(one) => lines.push(format!("{name}: all, as they are")),
                map => lines.extend(shorten(map.iter().map(|range| words(name, range)).collect())),
            }
        }
        lines
    }
}

/// The map of the initial user namespace: every id is itself.
fn is_identity(range: &Range) -> bool {
    range.inside == range.outside && range.count == u32::MAX
}

fn words(name: &str, range: &Range) -> String {
    let last = |first: u32| first.saturating_add(range.count.saturating_sub(1));
    match range.count {
        1 => format!("{name}: {} = {} outside", range.inside, range.outside),
        _ => format!(
            "{name}: {}-{} = {}-{} outside",
            range.inside,
            last(range.inside),
            range.outside,
            last(range.outside)
        ),
    }
}
