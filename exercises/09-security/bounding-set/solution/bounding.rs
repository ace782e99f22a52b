//! The bounding set: what an exec can give at all.
//!
//! It can only ever get smaller. Root's programs get just what is in it.

use nix::errno::Errno;
use process::{Error, Result, Step};

use crate::sys;

/// Takes all capabilities out of the bounding set but those with the numbers in `kept`.
pub fn bound(kept: &[u8]) -> Result<()> {
    // Which one is the last is for the running kernel to say, not for the header that this
    // was written with.
    for number in 0.. {
        let step = || format!("read capability {number}");
        match sys::is_in_bounding_set(number) {
            Err(Errno::EINVAL) => return Ok(()),
            Err(errno) => return Err(Error::from_errno(step(), errno)),
            Ok(true) if !kept.contains(&number) => sys::drop_from_bounding_set(number)
                .step(|| format!("drop capability {number} from the bounding set"))?,
            Ok(_) => {}
        }
    }
    Ok(())
}
