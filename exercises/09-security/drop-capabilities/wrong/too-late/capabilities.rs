//! Gives up all capabilities but a few.

use process::{Result, Step};

use crate::sys::{self, LAST, Sets};

/// Keeps the capabilities with these numbers, and gives up all others for good.
pub fn keep(kept: &[u8]) -> Result<()> {
    let set = kept.iter().fold(0, |set, number| set | 1 << number);
    sys::capset(Sets { effective: set, permitted: set, inheritable: 0 })
        .step(|| "give up capabilities")?;
    for number in (0..=LAST).filter(|number| !kept.contains(number)) {
        if sys::is_in_bounding_set(number) == Ok(true) {
            sys::drop_from_bounding_set(number)
                .step(|| format!("drop capability {number} from the bounding set"))?;
        }
    }
    Ok(())
}
