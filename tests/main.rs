//! Black-box tests of the built programs: one module a chapter, one a command.
//!
//! What is isolated is decided by the kernel's own facts; what people see, by
//! snapshots. See `harness` for how a test talks to `lab`.

mod attack;
mod book;
mod book_command;
mod chapter_00_process;
mod chapter_01_chroot;
mod chapter_02_pid_ns;
mod chapter_03_mount_ns;
mod chapter_04_uts_ipc;
mod chapter_05_net_ns;
mod chapter_06_cgroups;
mod chapter_07_overlay;
mod chapter_08_user_ns;
mod chapter_09_seccomp;
mod chapter_09_security;
mod chapters;
mod cli;
mod copying;
mod copying_hostile;
mod directories;
mod doctor;
mod exec;
mod exercises;
mod faults;
mod grade;
mod job_control;
mod joining;
mod learners_copy;
mod lifecycle;
mod lifetimes;
mod network_confinement;
mod odd_bytes;
mod reading;
mod rootfs;
mod rootless;
mod run;
mod sandbox;
mod self_exe;
mod stdio;
mod tracer;
mod typed;
mod view;
mod view_pictures;
mod world;
