//! The last step before exec: what is forbidden from here on is so for good.

use process::Result;

use crate::filters::Filter;

/// Puts all filters in front of this process and of whatever it will become.
///
/// When it returns, this is so:
///
/// - each of `exceptions` and `last` decides about every system call;
/// - no exec can give this process more rights than it has, which is none.
///
/// `last` forbids what this function itself needs.
pub fn seal(exceptions: &[Filter], last: &Filter) -> Result<()> {
    let _ = (exceptions, last);
    todo!()
}
