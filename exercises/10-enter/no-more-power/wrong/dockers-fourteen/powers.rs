//! Takes a list of fourteen for what every container has.

use std::fs;

use nix::errno::Errno;
use nix::unistd::Pid;
use process::{Error, Result, Step};

use crate::sys;

/// How much power a process has.
pub struct Powers {
    sets: sys::Sets,
    bounding: u64,
    ambient: u64,
    no_new_privs: bool,
}

impl Powers {
    /// That of the process with this number.
    pub fn of(process: Pid) -> Result<Self> {
        let path = format!("/proc/{process}/status");
        let text = fs::read_to_string(&path).step(|| format!("read {path}"))?;
        let number = |field: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
            let number = value.and_then(|value| u64::from_str_radix(value.trim(), 16).ok());
            number.ok_or_else(|| Error::new(format!("{path}: there is no {field}")))
        };
        Ok(Self {
            sets: sys::Sets {
                effective: number("CapEff")?,
                permitted: number("CapPrm")?,
                inheritable: number("CapInh")?,
            },
            bounding: 0xa804_25fb,
            ambient: number("CapAmb")?,
            no_new_privs: number("NoNewPrivs")? == 1,
        })
    }

    /// Leaves this process as much.
    pub fn take_over(self) -> Result<()> {
        let has = |set: u64, number: u8| set & 1 << number != 0;
        // An exec by root fills the sets from the bounding set. Changing that takes a capability,
        // so it comes first.
        for number in (0..=sys::LAST).filter(|number| !has(self.bounding, *number)) {
            match sys::drop_from_bounding_set(number) {
                Err(Errno::EINVAL) => {} // this kernel has none of that number
                dropped => dropped.step(|| format!("drop capability {number}"))?,
            }
        }
        sys::clear_ambient().step(|| "clear the ambient set")?;
        sys::capset(self.sets).step(|| "give up capabilities")?;
        for number in (0..=sys::LAST).filter(|number| has(self.ambient, *number)) {
            sys::raise_ambient(number).step(|| format!("make capability {number} ambient"))?;
        }
        if self.no_new_privs {
            sys::set_no_new_privs().step(|| "set no_new_privs")?;
        }
        Ok(())
    }
}
