//! Chapter 2: its own process tree.
//!
//! A PID namespace gives its members numbers of their own, from 1 upwards. The
//! host still sees each of them, under another number; they see nobody outside:
//!
//! ```text
//!   host        1 init ── 812 sshd ── 4242 lab ── 4243 sh ── 4250 sleep
//!   container                                     1 sh ───── 2 sleep
//! ```
//!
//! There is no /proc in this container. Mounting one would put it into the mount
//! table that is still shared with the host, on top of nothing the host asked for,
//! and it would stay there: that is chapter 3's reason to be. So `ps` says that
//! /proc is missing, while `echo $$` already says 1.
//!
//! First reading, in this order:
//!
//! - `runtime.rs`: the whole
//! - `pid1.rs`: what number 1 has to do

pub mod runtime;

mod options;
mod pid1;
mod sys;

pub use options::Options;
pub use pid1::PidOptions;
