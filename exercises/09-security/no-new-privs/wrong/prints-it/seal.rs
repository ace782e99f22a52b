//! Only makes the promise, and prints the rest.

use nix::sys::prctl;
use process::{Result, Step};

use crate::filters::Filter;

pub fn seal(exceptions: &[Filter], _last: &Filter) -> Result<()> {
    println!("NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t{}", exceptions.len() + 1);
    prctl::set_no_new_privs().step(|| "set no_new_privs")
}
