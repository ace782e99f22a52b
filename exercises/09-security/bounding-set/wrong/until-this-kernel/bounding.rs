//! The bounding set: what an exec can give at all.
//!
//! It can only ever get smaller. Root's programs get just what is in it.

use process::{Result, Step};

use crate::sys;

/// The last capability that there is today: CAP_CHECKPOINT_RESTORE, linux/capability.h.
const LAST: u8 = 40;

/// Takes all capabilities out of the bounding set but those with the numbers in `kept`.
pub fn bound(kept: &[u8]) -> Result<()> {
    for number in 0..=LAST {
        if kept.contains(&number) {
            continue;
        }
        if sys::is_in_bounding_set(number).step(|| format!("read capability {number}"))? {
            sys::drop_from_bounding_set(number)
                .step(|| format!("drop capability {number} from the bounding set"))?;
        }
    }
    Ok(())
}
