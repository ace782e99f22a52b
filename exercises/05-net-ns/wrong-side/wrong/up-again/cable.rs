//! Switches the end on again, and it still has no address.

use std::net::Ipv4Addr;

use nix::unistd::Pid;
use process::Result;

use crate::links;

/// The two ends, as they are called on their sides.
const OUTER: &str = "lab-cable";
const INNER: &str = "eth0";
/// The addresses of both are in one subnet, with a prefix of that many bits.
const PREFIX: u8 = 24;

/// Who is to have which address.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The host, on the outer end.
    pub gateway: Ipv4Addr,
    /// The container, on the inner one.
    pub address: Ipv4Addr,
}

pub fn attach(plan: Plan, pid: Pid) -> Result<()> {
    links::lay_cable(OUTER, INNER)?;
    links::add_address(OUTER, plan.gateway, PREFIX)?;
    links::set_up(OUTER)?;
    links::add_address(INNER, plan.address, PREFIX)?;
    links::move_to(INNER, pid)
}

pub fn configure_inside(_plan: Plan) -> Result<()> {
    links::set_up("lo")?;
    links::set_up(INNER)
}
