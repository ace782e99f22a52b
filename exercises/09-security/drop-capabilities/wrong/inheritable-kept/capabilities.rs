//! Gives up all capabilities but a few.

use process::{Result, Step};

use crate::sys::{self, LAST, Sets};

/// Keeps the capabilities with these numbers, and gives up all others for good.
pub fn keep(kept: &[u8]) -> Result<()> {
    // An exec by root fills the other sets from this one. CAP_SETPCAP, which it needs, may be
    // among those to be given up: so it comes first.
    for number in (0..=LAST).filter(|number| !kept.contains(number)) {
        if sys::is_in_bounding_set(number) == Ok(true) {
            sys::drop_from_bounding_set(number)
                .step(|| format!("drop capability {number} from the bounding set"))?;
        }
    }
    let set = kept.iter().fold(0, |set, number| set | 1 << number);
    // What may be had may be handed on.
    sys::capset(Sets { effective: set, permitted: set, inheritable: set })
        .step(|| "give up capabilities")
}
