//! The last step before exec: what is forbidden from here on is so for good.

use process::{Result, Step};

use crate::filters::Filter;
use crate::sys;

/// Puts all filters in front of this process and of whatever it will become.
pub fn seal(exceptions: &[Filter], last: &Filter) -> Result<()> {
    for filter in exceptions.iter().chain([last]) {
        sys::add_filter(filter).step(|| "add a filter")?;
    }
    Ok(())
}
