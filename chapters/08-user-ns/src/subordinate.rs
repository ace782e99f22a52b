//! Ids that somebody may use besides their own: `subuid(5)`.
//!
//! ```text
//!   /etc/subuid:  alice:100000:65536      alice's containers have these users
//!                 bob:165536:65536
//! ```
//!
//! `useradd` gives every new user a range of 65536, as many as a container's /etc/passwd
//! can need. No two overlap: whoever shared ids with another one's containers could
//! read their files and kill their processes.

use process::{Error, Result, plain_file};

use crate::maps::{Kind, Range};

/// How many ids a container gets: up to `nobody` (65534) and the group of that number.
const COUNT: u32 = 65_536;

/// The first number that is given away, as in login.defs(5).
const FIRST: u32 = 100_000;

/// The names under which administrators set a range apart for root's containers.
const FOR_CONTAINERS: [&str; 2] = ["lab", "containers"];

/// The range for containers of root: one that is set apart for them, or else the first
/// one behind all that are given to somebody.
///
/// # Errors
/// If no number is left.
pub fn for_root(kind: Kind) -> Result<Range> {
    choose(&granted(kind)).ok_or_else(|| {
        Error::new(format!("find {COUNT} free ids in {}", file(kind)))
            .with_hint("a line such as lab:100000:65536 in there sets a range apart for containers")
    })
}

fn choose(granted: &[(String, Range)]) -> Option<Range> {
    let mut set_apart = granted.iter().filter(|(name, _)| FOR_CONTAINERS.contains(&name.as_str()));
    if let Some((_, range)) = set_apart.find(|(_, range)| range.count >= COUNT) {
        return Some(Range { count: COUNT, ..*range });
    }
    let ends = granted.iter().map(|(_, range)| range.outside.saturating_add(range.count));
    let outside = ends.max().unwrap_or(FIRST).max(FIRST);
    outside.checked_add(COUNT)?;
    Some(Range { inside: 0, outside, count: COUNT })
}

/// The range that is granted to a user, who is listed by name or by number.
pub fn of_user(kind: Kind, name: &str, uid: u32) -> Option<Range> {
    let is_theirs = |owner: &str| owner == name || owner.parse() == Ok(uid);
    granted(kind).into_iter().find(|(owner, _)| is_theirs(owner)).map(|(_, range)| range)
}

/// Where the ranges are listed.
pub fn file(kind: Kind) -> &'static str {
    match kind {
        Kind::Uid => "/etc/subuid",
        Kind::Gid => "/etc/subgid",
    }
}

/// All lines `owner:first:count`; a host without the file has granted nothing.
fn granted(kind: Kind) -> Vec<(String, Range)> {
    let text = plain_file::read_linked(file(kind).as_ref()).unwrap_or_default();
    // A comment or a name may be in any encoding; what is read out of the rest is ASCII.
    String::from_utf8_lossy(&text).lines().filter_map(parse).collect()
}

fn parse(line: &str) -> Option<(String, Range)> {
    let mut fields = line.trim().split(':');
    let owner = fields.next()?.to_owned();
    let mut number = || fields.next()?.parse().ok();
    Some((owner, Range { inside: 0, outside: number()?, count: number()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Option<u32> {
        let granted: Vec<_> = text.lines().filter_map(parse).collect();
        choose(&granted).map(|range| range.outside)
    }

    #[test]
    fn containers_of_root_share_no_id_with_a_user() {
        assert_eq!(chosen(""), Some(100_000));
        assert_eq!(chosen("alice:100000:65536\nbob:165536:65536\n"), Some(231_072));
        assert_eq!(chosen("alice:100000:65536\nlab:400000:65536\n"), Some(400_000));
        assert_eq!(chosen("lab:400000:10\n# a comment\n"), Some(400_010));
        assert_eq!(chosen("alice:4294900000:65536\n"), None);
    }
}
