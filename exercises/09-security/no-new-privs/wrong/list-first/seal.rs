//! The last step before exec: what is forbidden from here on is so for good.

use nix::sys::prctl;
use process::{Result, Step};

use crate::filters::Filter;
use crate::sys;

/// Puts all filters in front of this process and of whatever it will become.
pub fn seal(exceptions: &[Filter], last: &Filter) -> Result<()> {
    // Without CAP_SYS_ADMIN the kernel takes a filter only from who has promised this.
    prctl::set_no_new_privs().step(|| "set no_new_privs")?;
    for filter in [last].into_iter().chain(exceptions) {
        sys::add_filter(filter).step(|| "add a filter")?;
    }
    Ok(())
}
