//! The users that come with a namespace which is joined.
//!
//! A namespace belongs to a user namespace, and power over it is had by root in there:
//! user_namespaces(7). Without that, a new container's root could not even mount the /proc of
//! the processes that it is among. And a process is in one user namespace only. So whoever
//! joins a container has its users, be they the host's.

use nix::fcntl::OFlag;
use nix::sys::stat::fstat;
use process::{Namespace, Result, Step};
use user_ns::maps::{Kind as Ids, Map};
use user_ns::{Maps, Users};

use crate::Target;

/// The users of a process, as they are seen from here.
pub(crate) fn users_of(target: &Target) -> Result<Users> {
    if !target.has_own(Namespace::User)? {
        return Ok(Users::Host);
    }
    let map = |ids: Ids| {
        let text = target.read(ids.file())?;
        Ok(Map::parse(&String::from_utf8_lossy(&text)))
    };
    Ok(Users::Theirs(Maps { uids: map(Ids::Uid)?, gids: map(Ids::Gid)? }))
}

/// Whether two processes are in one user namespace. Others may have the same maps.
pub(crate) fn have_the_same_users(one: &Target, other: &Target) -> Result<bool> {
    let namespace = |target: &Target| {
        let file = fstat(target.open(Namespace::User.file(), OFlag::O_PATH)?);
        file.map(|found| (found.st_dev, found.st_ino)).step(|| "look at a user namespace")
    };
    Ok(namespace(one)? == namespace(other)?)
}
