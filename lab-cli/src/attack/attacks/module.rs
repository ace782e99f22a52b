//! Code of one's own in the kernel, which is the whole machine's: a module is asked for
//! in a form that loads none.

use nix::errno::Errno;
use process::Error;

use crate::attack::sys;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "module",
    title: "load a kernel module",
    tries: "ask for a module to be loaded from a file that is not open: who may not gets \
            EPERM, who may gets EBADF.",
    why: "it takes CAP_SYS_MODULE over the host, which root of a user namespace has not. \
          Chapter 9 drops it and forbids the call.",
    reference: "finit_module(2), capabilities(7)",
    stopped_by: 8,
    run: |target| target.attack_if_host_may(&[]),
    inside: |_| match sys::load_no_module() {
        Errno::EBADF => Ok("the kernel would load its module".to_owned()),
        errno => Err(Error::from_errno("load a kernel module", errno)),
    },
};
