//! What is run with a fault, and where: on a clean host, or beside a container that stays.
//!
//! A guest comes into a container, or is born in its namespaces. Whatever becomes of the
//! guest, the container is what it was, and may be entered.

use std::borrow::Borrow;
use std::fs;

use harness::host::Host;
use harness::{Started, eventually, kernel};

use super::fault::{self, Fault, Traced};
use super::moment::Moment;

/// Who meets with the fault.
#[derive(Clone, Copy, Debug)]
pub enum What {
    /// A run of this chapter.
    Run(&'static str),
    /// `lab exec`.
    Exec,
    /// A run that shares what can be shared.
    Join,
}

/// The container that guests come to.
const NEIGHBOUR: &str = "c1";

/// A host, and what is run there again and again.
pub struct Scene {
    pub host: Host,
    words: Vec<String>,
    neighbour: Option<Started>,
}

impl What {
    /// How it is called in a report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run(chapter) => chapter,
            Self::Exec => "exec",
            Self::Join => "joining",
        }
    }

    /// Whether it comes to a container.
    pub fn is_guest(self) -> bool {
        !matches!(self, Self::Run(_))
    }
}

impl Scene {
    pub fn new(what: What, mut host: Host) -> Self {
        let options = match what {
            What::Run(chapter) => format!("run {} --view none --", host.everything(chapter)),
            What::Exec => format!("exec {NEIGHBOUR}"),
            What::Join => {
                let joined = ["pid", "ipc", "network"].map(|it| format!("--{it} container:c1"));
                let rest = host.everything_but_ports("chapter-10");
                format!("run {rest} {} --view none --", joined.join(" "))
            }
        };
        let neighbour = what.is_guest().then(|| {
            let everything = host.everything("chapter-09");
            let started = host.start(&format!("{everything} --name {NEIGHBOUR}"), "");
            host.keep_what_is_there();
            started
        });
        let words = options.split_whitespace().map(str::to_owned).collect();
        Self { host, words, neighbour }
    }

    /// Runs `sh -c SCRIPT` there, with a fault.
    pub fn run(&self, script: &str, fault: Option<(Moment, Fault)>) -> Traced {
        let mut command = self.host.lab.program("lab");
        command.args(&self.words).args(["sh", "-c", script]);
        self.host.net.inside(|| fault::run(command, fault))
    }

    /// What is left of the containers `ids`, and of a guest, or is missing.
    pub fn left(&self, ids: &[String]) -> Vec<String> {
        let mut left = self.host.left(ids);
        if let Some(neighbour) = &self.neighbour {
            let entered = self.host.lab(&["exec", NEIGHBOUR, "echo", "it runs"]);
            left.extend(
                (entered.stdout != "it runs\n").then(|| format!("{NEIGHBOUR}: {entered:?}")),
            );
            let guests = processes_beside(neighbour.pid).into_iter();
            left.extend(guests.map(|pid| format!("the process {pid} in {NEIGHBOUR}")));
        }
        left
    }

    /// Waits until whatever was begun has ended with its runtime, which it does, but not in the
    /// same instant.
    pub fn wait_for_the_rest(&self) {
        let guests = || self.neighbour.as_ref().map(|it| processes_beside(it.pid));
        eventually("its other processes end", || {
            self.host.new_processes().is_empty() && guests().unwrap_or_default().is_empty()
        });
    }
}

impl Borrow<Host> for Scene {
    fn borrow(&self) -> &Host {
        &self.host
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if let Some(neighbour) = self.neighbour.take() {
            drop(neighbour);
            self.host.lab(&["clean"]);
        }
    }
}

/// The other processes in the PID namespace of this one.
fn processes_beside(first: i32) -> Vec<i32> {
    let namespace = |pid: i32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
    let Some(own) = namespace(first) else { return Vec::new() };
    let pids = fs::read_dir("/proc").expect("proc").flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&pid| pid != first && namespace(pid).as_ref() == Some(&own))
        .filter(|&pid| kernel::is_alive(pid))
        .collect()
}
