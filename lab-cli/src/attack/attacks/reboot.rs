//! An end to the whole machine: asked for in a form that ends nothing.

use nix::errno::Errno;
use nix::unistd::getpid;
use process::Error;

use crate::attack::sys;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "reboot",
    title: "reboot the machine",
    tries: "call reboot without the magic numbers that the call has against accidents: who may \
            not reboot gets EPERM, who may gets EINVAL.",
    why: "in a PID namespace of its own, a reboot ends that namespace, which is the container \
          itself. Chapter 9 takes CAP_SYS_BOOT away as well.",
    reference: "reboot(2), pid_namespaces(7)",
    stopped_by: 2,
    run: |target| Ok(target.attack::<&str>(&[], &[])?.granted()),
    inside: |_| match sys::reboot_without_magic() {
        // The first process of a PID namespace: that is all it could end.
        Errno::EINVAL if getpid().as_raw() == 1 => {
            Err(Error::new("it would end its own PID namespace, and nothing else"))
        }
        Errno::EINVAL => Ok("the kernel would reboot".to_owned()),
        errno => Err(Error::from_errno("reboot", errno)),
    },
};
