//! Options of `docker run` and `docker exec` that are not here: in which chapter they arrive, or
//! why they never do.

use process::Error;

/// The names of an option, its chapter, and what it brings.
const LATER: &[(&str, &str, &str)] = &[
    ("-a --attach", "a later version", "attached to a part of its streams"),
    ("--label-file", "a later version", "labels"),
    ("--link", "a later version", "a link to another container"),
    ("--expose", "a later version", "ports for its neighbours"),
    ("--network-alias --net-alias", "a later version", "one more name in its network"),
    ("--volumes-from", "a later version", "another container's volumes"),
    ("-P --publish-all", "chapter-12", "the ports of its image"),
    ("--pull", "chapter-12", "an image from elsewhere"),
    ("--platform", "chapter-12", "an image of another machine"),
    ("-q --quiet", "chapter-12", "an image pulled in silence"),
    ("--disable-content-trust", "chapter-12", "images"),
    ("--annotation", "chapter-13", "annotations of config.json"),
    ("--cgroup-parent", "chapter-13", "another cgroup above its own"),
    ("--oom-score-adj", "chapter-13", "when the kernel is short of memory"),
    ("--sysctl", "chapter-13", "settings of its kernel"),
];

/// The names of options, and why they are not here.
const NEVER: &[(&str, &str)] = &[
    ("-c --cpu-shares", "it is a weight against others; --cpus is a limit"),
    ("--cpu-period --cpu-quota", "--cpus says both: 0.5 is 50000 of 100000"),
    ("--cpu-rt-period --cpu-rt-runtime", "cgroup v2 has no time for real-time processes"),
    ("--cpuset-mems", "it is for memory in several nodes; --cpuset-cpus is here"),
    ("--blkio-weight --blkio-weight-device", "it is a weight; --device-read-bps is a limit"),
    ("--device-read-iops --device-write-iops", "--device-read-bps limits bytes instead"),
    ("--device-cgroup-rule", "--device lets it have a device, --privileged all"),
    ("--memory-reservation", "it is a wish; --memory is a limit"),
    ("--memory-swappiness", "cgroup v2 has no such setting; --memory-swap 64m is a limit"),
    ("--kernel-memory", "kernels have no such limit any more; --memory counts theirs as well"),
    ("--oom-kill-disable", "cgroup v2 has no such setting"),
    ("--shm-size", "--tmpfs /dev/shm:size=64m does the same"),
    ("--storage-opt", "its layer has the room that the disk has"),
    ("--volume-driver", "a volume is a directory of the host"),
    ("--dns-option --dns-opt --dns-search", "the host's are taken over"),
    ("--ip --ip6 --link-local-ip", "its address is the next free one"),
    ("--mac-address", "it is made from its id, by which its address is known"),
    ("--gpus", "they need their maker's programs; --device lets it have the device"),
    ("--group-add", "a user has the groups of the root's /etc/group, or the one in -u USER:GROUP"),
    ("--log-driver", "its log is a file of JSON lines, as Docker's json-file"),
    ("--uts", "its names are its own from chapter-04 on"),
    ("--cgroupns", "its cgroups are its own from chapter-06 on"),
    ("--runtime", "lab is the runtime"),
    ("--use-api-socket", "there is no daemon to talk to"),
    ("--health-cmd --health-interval --health-retries --health-timeout", NO_HEALTH),
    ("--health-start-interval --health-start-period --no-healthcheck", NO_HEALTH),
    ("--cpu-count --cpu-percent --io-maxbandwidth --io-maxiops --isolation", "it is for Windows"),
];

/// The same of `docker exec`.
const NEVER_OF_EXEC: &[(&str, &str)] = &[
    ("--privileged", "a command that comes in has the power of who is there, and no more"),
    ("--detach-keys", "it has the caller's terminal, from which Ctrl-Z takes it"),
];

const NO_HEALTH: &str = "whether a program is well, is not the kernel's business";

/// What to say of an option, if it is one of these.
pub fn refusal(option: &str) -> Option<Error> {
    let is_it = |names: &str| names.split(' ').any(|name| name == option);
    let later = LATER.iter().find(|(names, ..)| is_it(names));
    let later = later.map(|(_, chapter, what)| format!("{option}, {what}: arrives in {chapter}"));
    later.map(Error::new).or_else(|| never(NEVER, option))
}

/// What to say of an option of `docker exec`, if it is one of these.
pub fn refusal_of_exec(option: &str) -> Option<Error> {
    never(NEVER_OF_EXEC, option)
}

fn never(options: &[(&str, &str)], option: &str) -> Option<Error> {
    let it = options.iter().find(|(names, _)| names.split(' ').any(|name| name == option));
    it.map(|(_, why)| Error::new(format!("{option} is not here: {why}")))
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::*;
    use crate::run::RunArgs;

    #[test]
    fn no_option_that_is_here_is_refused() {
        for option in RunArgs::augment_args(Command::new("run")).get_arguments() {
            let long = option.get_long().map(|name| format!("--{name}"));
            let short = option.get_short().map(|letter| format!("-{letter}"));
            for name in long.into_iter().chain(short) {
                assert!(refusal(&name).is_none(), "{name}");
            }
        }
    }
}
