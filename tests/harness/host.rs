//! A host that has to be, afterwards, what it was before.
//!
//! Its network is a namespace ([`Net`]), its records are in a directory of their own
//! ([`Lab`]), and it has something to lose: files beside the records, and in a directory
//! that is a volume of the containers.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::net::Net;
use crate::{DEADLINE, Lab, Ran, Started, cgroup, is_id, kernel, skip};

/// A host, and the state of it before anything ran there.
pub struct Host {
    /// The programs, and their records.
    pub lab: Lab,
    /// The host's network.
    pub net: Net,
    image: PathBuf,
    before: String,
    mounts: String,
    new_records: Inotify,
    is_root: bool,
    /// Containers that are to stay, and processes of theirs.
    kept: (Vec<String>, Vec<i32>),
}

impl Host {
    /// A host on which nothing has run.
    pub fn new() -> Self {
        Self::of(Lab::new())
    }

    /// The same, on which only an ordinary user runs something.
    pub fn of_somebody() -> Self {
        let mut host = Self::of(Lab::of_somebody());
        host.is_root = false;
        host
    }

    fn of(lab: Lab) -> Self {
        let net = Net::new();
        let image = lab.image(); // made now, not in one of the runs to be killed
        let new_records = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC);
        let new_records = new_records.expect("inotify");
        // Made now, so that there is something to watch.
        let records = lab.records();
        let owner = fs::metadata(lab.state_dir()).expect("a directory").uid();
        fs::create_dir(&records).and_then(|()| chown(&records, Some(owner), None)).expect("ours");
        new_records.add_watch(&records, AddWatchFlags::IN_CREATE).expect("a directory");
        let (before, mounts) = (net.everything(), kernel::mounts());
        let kept = Default::default();
        let host = Self { lab, net, image, before, mounts, new_records, is_root: true, kept };
        for dir in host.precious() {
            fs::create_dir(&dir).expect("a directory");
            fs::write(dir.join("precious"), "data").expect("a file");
        }
        host
    }

    /// Whether root runs the programs here.
    pub fn is_root(&self) -> bool {
        self.is_root
    }

    /// From now on, what is there is to stay: the containers that run by now.
    pub fn keep_what_is_there(&mut self) {
        self.kept = (self.ids(), self.lab.processes());
        self.before = self.net.everything();
        self.new_ids();
    }

    /// The options of a container of every feature that leaves something.
    ///
    /// The image is given. To find one, `lab` tries several ways, each of which may fail;
    /// that is for the tests of `lab rootfs`.
    pub fn everything(&self, chapter: &str) -> String {
        // An ordinary user has no ports to give.
        let ports = can_publish() && self.is_root;
        let ports = if ports { "-p 18080:80 -p 18053:53/udp" } else { "" };
        format!("{} {ports}", self.everything_but_ports(chapter))
    }

    /// The same for one that has another one's network.
    pub fn everything_but_ports(&self, chapter: &str) -> String {
        let volume = self.outside();
        let (volume, image) = (volume.display(), self.image.display());
        // Nor limits.
        let limits = if self.is_root { "-m 64m --cpus 1 --pids-limit 64" } else { "" };
        format!(
            "{chapter} --rootfs {image} {limits} --tmpfs /tmp -v {volume}:/srv \
             -v {volume}:/new/place"
        )
    }

    /// A directory of somebody's, which is a volume of [`Self::everything`].
    pub fn outside(&self) -> PathBuf {
        self.lab.state_dir().join("outside")
    }

    /// The directories with a file each that has to stay. One of them is called almost
    /// like a record.
    fn precious(&self) -> [PathBuf; 2] {
        [self.outside(), self.lab.records().join("0123456789ab.")]
    }

    /// Starts a container in this host's network.
    #[track_caller]
    pub fn start(&self, args: &str, script: &str) -> Started {
        self.net.inside(|| self.lab.start(args, script))
    }

    /// Runs `lab` in this host's network.
    pub fn lab(&self, args: &[&str]) -> Ran {
        self.net.inside(|| self.lab.lab(args))
    }

    /// The containers that have a record.
    pub fn ids(&self) -> Vec<String> {
        self.lab.ids()
    }

    /// The containers that got a record since the last call, whether they have it still
    /// or not.
    pub fn new_ids(&self) -> Vec<String> {
        let mut ids = BTreeSet::new();
        loop {
            match self.new_records.read_events() {
                Err(Errno::EAGAIN) => return ids.into_iter().collect(),
                events => ids.extend(
                    events
                        .expect("inotify")
                        .into_iter()
                        .filter_map(|event| event.name?.into_string().ok())
                        .filter(|name| is_id(name)),
                ),
            }
        }
    }

    /// The processes that are not to stay.
    pub fn new_processes(&self) -> Vec<i32> {
        let is_new = |pid: &i32| !self.kept.1.contains(pid);
        self.lab.processes().into_iter().filter(is_new).collect()
    }

    /// Waits until an ordinary user's world has ended, which it does a moment after the last
    /// run in it.
    pub fn settle(&self) {
        let start = Instant::now();
        while !self.is_root && !self.new_processes().is_empty() && start.elapsed() < DEADLINE {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What is left of the containers `ids`, or is missing, a line each.
    pub fn left(&self, ids: &[String]) -> Vec<String> {
        self.settle();
        let mut left: Vec<String> = Vec::new();
        let (kept, all) = (&self.kept.0, self.ids());
        if kept.is_empty() {
            let places = ["world", "network"].map(|place| self.lab.state_dir().join(place));
            left.extend(places.iter().filter(|it| it.exists()).map(|it| it.display().to_string()));
        }
        left.extend(all.iter().filter(|id| !kept.contains(id)).map(|id| format!("record of {id}")));
        left.extend(kept.iter().filter(|id| !all.contains(id)).map(|id| format!("lost: {id}")));
        for id in ids {
            left.extend(cgroup::dirs(id).into_iter().map(|dir| dir.display().to_string()));
            left.extend(kernel::mounts().contains(id).then(|| format!("mounts of {id}")));
        }
        left.extend(self.new_processes().into_iter().map(|pid| format!("the process {pid}")));
        left.extend(self.net.differs_from(&self.before));
        for dir in self.precious() {
            let data = fs::read_to_string(dir.join("precious"));
            left.extend((data.ok().as_deref() != Some("data")).then(|| format!("lost: {dir:?}")));
        }
        left
    }

    /// Makes sure that nothing is left of the containers `ids`.
    #[track_caller]
    pub fn assert_clean(&self, ids: &[String], when: &str) {
        let left = self.left(ids);
        assert!(left.is_empty(), "{when}: {left:#?}");
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let new = kernel::mounts();
            let new: Vec<_> = new.lines().filter(|line| !self.mounts.contains(line)).collect();
            let ours = self.lab.state_dir().to_string_lossy().into_owned();
            assert!(!new.iter().any(|line| line.contains(&ours)), "mounted on the host: {new:?}");
        }
    }
}

/// Whether this host has what writes the rules that lead a port into a container.
pub fn can_publish() -> bool {
    ["nft", "iptables-restore"].iter().any(|program| skip::is_installed(program))
}
