//! The kernel's cryptography, which anybody may use by a socket. The socket is asked for
//! in a form that makes none, and loads no module.

use std::fs;

use nix::errno::Errno;
use nix::sys::utsname::uname;
use process::Error;

use crate::attack::cell::Finding;
use crate::attack::sys;
use crate::attack::target::Attack;

pub const ATTACK: Attack = Attack {
    name: "crypto",
    title: "reach the kernel's crypto sockets",
    tries: "ask for a socket of the family AF_ALG and of a type that there is not: who may not \
            gets EPERM, who may gets EINVAL.",
    why: "no namespace has a part of it and no capability is needed, and by a fault in it whoever \
          could read a file could change it, also one of an image that others use. Chapter 9's \
          filter forbids the family.",
    reference: "CVE-2026-31431, socket(2)",
    stopped_by: 9,
    run: |target| {
        if !has_family() {
            return Ok(Finding::NotApplicable("this kernel has no such sockets".to_owned()));
        }
        target.attack_if_host_may(&[])
    },
    inside: |_| match sys::ask_for_crypto_socket() {
        Errno::EINVAL => Ok("the kernel would make such a socket".to_owned()),
        errno => Err(Error::from_errno("ask for a socket of AF_ALG", errno)),
    },
};

/// Whether the kernel has the family, or would load the module for it.
fn has_family() -> bool {
    let release = uname().map(|names| names.release().to_string_lossy().into_owned());
    let modules = format!("/lib/modules/{}/modules.alias", release.unwrap_or_default());
    [("/proc/net/protocols", "ALG "), (&modules, "alias net-pf-38 ")].iter().any(|(file, line)| {
        let text = fs::read(file).unwrap_or_default();
        text.split(|&byte| byte == b'\n').any(|found| found.starts_with(line.as_bytes()))
    })
}
