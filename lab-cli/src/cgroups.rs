//! `lab cgroups [PID]`: the hierarchies of this host, and a process's place in them.
//!
//! What `lssubsys -am` and `ps -o cgroup` tell, from the same two files of /proc, see
//! chapter 6.

use std::path::Path;
use std::process::ExitCode;

use ::cgroups::{
    Hierarchy, Membership, Usage, Version, hierarchies, limits_of, of_process, size,
    unmounted_controllers,
};
use colored::Colorize;
use nix::unistd::Pid;
use serde_json::json;

use crate::output::println;
use crate::shell::spell;
use crate::view::{Limits, Text};

/// Show the cgroup hierarchies of this host, and a process's place in them
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The process to look at
    pub pid: Option<i32>,

    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Looks, and prints what there is.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let trees = hierarchies()?;
    let idle = unmounted_controllers(&trees);
    let process = args.pid.map(Pid::from_raw);
    let places = process.map(of_process).transpose()?.unwrap_or_default();
    let usage = process.map(limits_of).transpose()?;
    if args.json {
        println!("{:#}", to_json(&trees, &idle, &places, usage.as_ref()));
        return Ok(ExitCode::SUCCESS);
    }
    print_table(&trees, &places, process.is_some());
    if let Some(usage) = &usage {
        print_usage(usage);
    }
    if !idle.is_empty() {
        println!("\nin the kernel, not mounted: {}", idle.join(", "));
    }
    println!("\n{}", layout(&trees));
    Ok(ExitCode::SUCCESS)
}

fn print_table(trees: &[Hierarchy], places: &[Membership], with_paths: bool) {
    let mut rows = vec![["CONTROLLERS", "VERSION", "MOUNT POINT", "CGROUP"].map(str::to_owned)];
    for tree in trees {
        let place = places.iter().find(|place| place.hierarchy == *tree);
        rows.push([
            names(tree),
            tree.version.to_string(),
            shown(&tree.mount),
            place.map_or("-".to_owned(), |place| shown(&place.path)),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    for (number, [names, version, mount, path]) in rows.iter().enumerate() {
        let path = if with_paths { path } else { "" };
        let [w0, w1, w2] = widths;
        let line = format!("{names:w0$}  {version:w1$}  {mount:w2$}  {path}");
        let line = line.trim_end();
        println!("{}", if number == 0 { line.bold() } else { line.normal() });
    }
}

/// A cgroup's name is its maker's choice.
fn shown(path: &Path) -> String {
    Text::from_bytes(path.as_os_str().as_encoded_bytes()).to_string()
}

/// `cpu, cpuacct`; a v2 tree may have nothing left to control.
fn names(tree: &Hierarchy) -> String {
    match tree.controllers.as_slice() {
        [] => "(none)".to_owned(),
        controllers => controllers.join(","),
    }
}

fn print_usage(usage: &Usage) {
    let limit = |limit: Option<String>| limit.unwrap_or_else(|| "no limit".to_owned());
    let used = |used: Option<String>| used.map(|used| format!(", {used} now")).unwrap_or_default();
    println!("\n{}", "LIMITS, its own or of a cgroup above".bold());
    println!(
        "memory      {}{}",
        limit(usage.memory_limit.map(size)),
        used(usage.memory_usage.map(size))
    );
    println!(
        "processes   {}{}",
        limit(usage.pids_limit.map(|limit| limit.to_string())),
        used(usage.pids_current.map(|count| count.to_string()))
    );
    println!("cpu time    {}", limit(usage.cpus.map(|cpus| format!("{cpus} processors"))));
    println!("processors  {}", limit(usage.cpuset.clone()));
}

/// One line on what kind of host this is.
fn layout(trees: &[Hierarchy]) -> String {
    let unified = trees.iter().find(|tree| tree.version == Version::V2);
    let has_v1 = trees.iter().any(|tree| tree.version == Version::V1);
    match (unified, has_v1) {
        (Some(_), false) => "unified: one v2 tree for all controllers".to_owned(),
        (None, true) => "v1: a tree of its own for each line above".to_owned(),
        (None, false) => "no cgroup hierarchy is mounted here".to_owned(),
        (Some(tree), true) => format!(
            "hybrid: v1 and v2 side by side. A controller is in one tree at a time,\n\
             so v2 has here only what v1 left over: {}",
            names(tree)
        ),
    }
}

fn to_json(
    trees: &[Hierarchy],
    idle: &[String],
    places: &[Membership],
    usage: Option<&Usage>,
) -> serde_json::Value {
    let trees: Vec<_> = trees
        .iter()
        .map(|tree| {
            let place = places.iter().find(|place| place.hierarchy == *tree);
            json!({
                "version": tree.version.to_string(),
                "controllers": tree.controllers,
                "mount": spell(&tree.mount),
                "cgroup": place.map(|place| spell(&place.path)),
            })
        })
        .collect();
    let usage = usage.cloned().map(Limits::from);
    json!({ "hierarchies": trees, "unmounted": idle, "limits": usage })
}
