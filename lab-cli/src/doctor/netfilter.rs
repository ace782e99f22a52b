//! Address translation: whether `nft` or `iptables` is there, and whether the kernel
//! takes what it writes.
//!
//! The rule is written into a network namespace that nobody uses and that is gone a
//! moment later.

use std::path::Path;

use net_ns::nat;
use process::{CloneFlags, Result};

use super::check::{Check, from};
use super::distribution::Package;
use super::host::{Host, Program, find};
use super::kernel::newer_kernel;
use super::modules::{self, Modules};
use super::restrictions;
use super::trial::{attempt, isolate};

/// What chapter 5 writes, in small, by each of the programs it can use.
const TRIALS: [Trial; 2] = [
    Trial {
        program: "nft",
        args: &["-j", "-f", "-"],
        rule: r#"{"nftables": [
            {"add": {"table": {"family": "ip", "name": "lab"}}},
            {"add": {"chain": {"family": "ip", "table": "lab", "name": "out", "type": "nat",
                "hook": "postrouting", "prio": 100, "policy": "accept"}}},
            {"add": {"rule": {"family": "ip", "table": "lab", "chain": "out",
                "expr": [{"masquerade": null}]}}},
            {"add": {"chain": {"family": "ip", "table": "lab", "name": "forward", "type": "filter",
                "hook": "forward", "prio": 0, "policy": "accept"}}},
            {"add": {"rule": {"family": "ip", "table": "lab", "chain": "forward", "expr": [
                {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "new"}},
                {"match": {"op": "!=", "left": {"meta": {"key": "iifkind"}}, "right": "bridge"}},
                {"drop": null}]}}}]}"#,
        modules: &["nf_tables", "nft_chain_nat", "nft_masq"],
    },
    Trial {
        program: "iptables-restore",
        args: &["--noflush", "--wait"],
        rule: "*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n\
               *filter\n-A FORWARD -m conntrack --ctstate NEW -j DROP\nCOMMIT\n",
        modules: &["nf_tables", "nft_chain_nat", "nft_compat", "xt_MASQUERADE"],
    },
];

/// A program, the rule we let it write, and what the kernel needs for that.
struct Trial {
    program: &'static str,
    args: &'static [&'static str],
    rule: &'static str,
    modules: &'static [&'static str],
}

const NAME: &str = "nft or iptables";

/// Where the programs read their rules.
const STDIN: &str = "/dev/stdin";

/// What chapter 5 loses without.
const LOSS: &str = "no way out for containers, no -p";

/// Where nobody can have a bridge.
pub fn without_bridge() -> Check {
    Check::limited(NAME, "not tried: there is no bridge to write rules for").chapters(from(5))
}

/// Looks for a program, and lets it write a rule.
pub fn check(host: &Host) -> Check {
    let found = TRIALS.iter().find_map(|trial| match find(trial.program) {
        Program::InPath(path) => Some((trial, path)),
        _ => None,
    });
    let check = match found {
        None => elsewhere(host),
        // nft opens it for JSON; udev makes it, and a bare devtmpfs has none.
        Some(_) if !Path::new(STDIN).exists() => {
            Check::missing(NAME, format!("there is no {STDIN} to give it rules by"))
                .fix(host.as_root(&format!("ln -s /proc/self/fd/0 {STDIN}")))
                .required()
        }
        Some((trial, path)) => match modules::look(trial.modules) {
            Modules::Ready => tried(host, trial, &path),
            Modules::AtFirstUse(modules) => {
                let path = path.display();
                Check::works(NAME, format!("{path}; loaded at first use: {modules}"))
            }
            Modules::LockedOut(modules) => {
                let seen = format!("{modules} not loaded, and loading is locked: {LOSS}");
                Check::missing(NAME, seen).fix(host.as_root("reboot"))
            }
        },
    };
    check.chapters(from(5))
}

/// Without any such program, chapter 5 does without; one that fails is an error there.
fn tried(host: &Host, trial: &Trial, path: &Path) -> Check {
    let write = || -> Result<String> {
        isolate(CloneFlags::CLONE_NEWNET)?;
        nat::run(trial.program, trial.args, trial.rule)
    };
    let refusal = match attempt(write) {
        Ok(_) => return Check::works(NAME, format!("{} has written a rule", path.display())),
        Err(refusal) => refusal,
    };
    let fix = match refusal.errno() {
        Some(_) => restrictions::fix_of(host, &refusal),
        None => newer_kernel(host),
    };
    Check::missing(NAME, refusal.text).fix(fix).required()
}

/// Debian keeps both where an ordinary user's PATH does not look.
fn elsewhere(host: &Host) -> Check {
    let hidden = TRIALS.iter().find_map(|trial| match find(trial.program) {
        Program::Elsewhere(path) => Some(path),
        _ => None,
    });
    match hidden {
        Some(path) => {
            let dir = path.parent().unwrap_or(&path).display();
            Check::limited(NAME, format!("{} is there, and not in PATH: {LOSS}", path.display()))
                .fix(format!("export PATH=$PATH:{dir}"))
        }
        None => {
            let install = host.distribution.install(Package::Nftables);
            Check::missing(NAME, format!("neither is installed: {LOSS}"))
                .fix(host.as_root(&install))
        }
    }
}
