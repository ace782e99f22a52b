//! Chapter 9: root without the power to do harm.
//!
//! The container has everything of its own by now, even its users. But namespaces hide
//! things and forbid little: it is still the host's kernel that answers, each system
//! call is a door to it, and with `--userns host` root inside is the host's root, which
//! loads kernel modules, sets the clock and reads the host's disk. So power is taken
//! away, in layers that each stop what slips through the others:
//!
//! ```text
//!   what it may ask the kernel to do    capabilities     root's power in 41 parts
//!   … that a program could add to it    no_new_privs     setuid has no effect
//!   which questions it may ask at all   seccomp          a list of system calls
//!   which devices it may open           device rules     v1 `devices`, v2 eBPF
//!   what of /proc and /sys it sees      masks            covered, or read-only
//!   how much it may use                 ulimits          per process, set once
//!   whose keys it finds                 session keyring  one of its own
//!   how it could reach back to us       self_exe         the runtime is read-only
//! ```
//!
//! The order matters as much as the list: each step needs privileges that a later one
//! takes away.
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `confinement.rs`: the order
//! - `capabilities.rs`: root's power, part by part
//! - `masks.rs`: what of /proc and /sys is covered
//! - `ulimits.rs`, `keyring.rs`: what is set once
//!
//! Second reading:
//!
//! - `security.rs`: the options, and what they mean
//! - `capability.rs`: capabilities by name
//! - `seccomp.rs`, `profile.rs`, `comparison.rs`, `numbers.rs`, `ranges.rs`, `syscalls.rs`: a list of system calls, compiled for the kernel
//! - `devices.rs`, `device_rule.rs`, `device_program.rs`, `host_device.rs`: who may open what, in both cgroup versions
//! - `self_exe.rs`: the way back to the runtime
//!
//! What is left: it is still one kernel, and a mistake in it opens everything. For
//! more, another kernel goes in between: gVisor, or a virtual machine.

pub mod runtime;

mod capabilities;
mod capability;
mod comparison;
mod confinement;
mod device_program;
mod device_rule;
mod devices;
mod host_device;
mod keyring;
mod masks;
mod numbers;
mod options;
mod profile;
mod ranges;
mod seccomp;
mod security;
mod self_exe;
mod sys;
mod syscalls;
mod ulimits;

pub use capabilities::{Capabilities, CapabilityChoice};
pub use capability::{Capability, CapabilitySet};
pub use confinement::Confinement;
pub use device_rule::{DeviceAccess, DeviceKind, DeviceRule};
pub use devices::DeviceRules;
pub use host_device::HostDevice;
pub use keyring::join as join_new_session_keyring;
pub use options::Options;
pub use seccomp::{Filters, Seccomp, SeccompChoice};
pub use seccompiler::sock_filter as Instruction;
pub use security::{Security, SecurityOption, SecurityOptions};
pub use self_exe::{protect_early, protect_runtime};
pub use ulimits::Ulimit;
