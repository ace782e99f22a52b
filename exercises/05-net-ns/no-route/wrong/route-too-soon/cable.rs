//! Adds the route while the link is off, and overhears that it is refused.

use std::net::Ipv4Addr;

use nix::unistd::Pid;
use process::Result;

use crate::links;

/// The end on the host, and the other one on its way and at its place.
const OUTER: &str = "lab-cable";
const ON_THE_WAY: &str = "lab-end";
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

/// On the host, when the container's namespaces exist.
pub fn attach(plan: Plan, pid: Pid) -> Result<()> {
    // The host may have an eth0 of its own, so the inner end is called so later.
    links::lay_cable(OUTER, ON_THE_WAY)?;
    links::add_address(OUTER, plan.gateway, PREFIX)?;
    links::set_up(OUTER)?;
    links::move_to(ON_THE_WAY, pid)
}

/// In the container, after that.
pub fn configure_inside(plan: Plan) -> Result<()> {
    links::set_up("lo")?;
    links::rename(ON_THE_WAY, INNER)?;
    links::add_address(INNER, plan.address, PREFIX)?;
    let _ = links::add_default_route(plan.gateway);
    links::set_up(INNER)
}
