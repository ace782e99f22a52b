//! Gives up all capabilities but a few.

use process::{Result, Step};

use crate::sys::{self, Sets};

/// Keeps the capabilities with these numbers, and gives up all others for good.
pub fn keep(kept: &[u8]) -> Result<()> {
    let set = kept.iter().fold(0, |set, number| set | 1 << number);
    // What is not inheritable is taken out of the ambient set by the kernel.
    sys::capset(Sets { effective: set, permitted: set, inheritable: 0 })
        .step(|| "give up capabilities")
}
