//! Another time for the whole machine: it is asked for in a form that changes nothing.

use process::Step;

use crate::attack::sys;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "clock",
    title: "set the clock",
    tries: "set neither time nor time zone, for which one needs the right to set them.",
    why: "it takes CAP_SYS_TIME over the host, which root of a user namespace has not. \
          Chapter 9 drops it and forbids the call.",
    reference: "settimeofday(2), time_namespaces(7)",
    stopped_by: 8,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| {
        sys::set_no_time().step(|| "set the clock")?;
        Ok("it may set the host's clock".to_owned())
    },
};
