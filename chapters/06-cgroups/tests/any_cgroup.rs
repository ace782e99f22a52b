//! A container's cgroup wherever it shall be, and found again by its record.
//!
//! No test harness: its threads would keep everybody from cloning.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Stdio};

use cgroups::{Cgroup, Groups, Knob, LimitOptions, Limits, Setting, of_process};
use harness::{eventually, skip};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use process::{CloneArgs, CloneFlags, Command, Process, State, sweep};

fn main() {
    if std::env::args().nth(1).as_deref() == Some("maker") {
        return make_and_wait();
    }
    let Some(_) = std::env::var_os("LAB_STATE_DIR") else { return with_records_of_our_own() };
    if !skip::is_root() {
        return;
    }
    it_is_where_it_shall_be_and_leaves_nothing();
    one_that_is_there_already_is_left_alone();
    no_path_leads_out();
    it_is_found_by_its_record_and_changed_while_it_runs();
    it_stands_still_and_goes_on();
    one_that_has_lost_its_runtime_is_swept();
}

/// The same program again, with a state directory that nobody else has.
fn with_records_of_our_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut again = Program::new(std::env::current_exe().expect("this program"));
    assert!(again.env("LAB_STATE_DIR", dir.path()).status().expect("it starts").success());
    let records = fs::read_dir(dir.path().join("containers"));
    assert_eq!(records.map_or(0, Iterator::count), 0, "records are left");
}

/// A cgroup with a process in it.
struct Contained {
    process: Process,
    cgroup: Cgroup,
    state: State,
}

impl Contained {
    fn new(limits: &Limits, script: &str) -> process::Result<Self> {
        let state = State::create()?;
        let cgroup = Cgroup::create(limits, &state)?;
        let command = Command {
            name: None,
            argv: ["sh", "-c", script].map(OsString::from).to_vec(),
            env: vec![("PATH".into(), "/usr/bin:/bin".into())],
            workdir: None,
            user: None,
        };
        let args = CloneArgs { flags: CloneFlags::empty(), cgroup: cgroup.fd() };
        let process = Process::create(args, &command, |_| Ok(()), || cgroup.enter())?;
        process.start()?;
        Ok(Self { process, cgroup, state })
    }

    fn pid(&self) -> Pid {
        self.process.pid()
    }

    /// As somebody else finds it.
    fn open(&self) -> Groups {
        Cgroup::open(self.state.dir()).expect("a record").expect("a cgroup")
    }
}

fn limits(path: Option<&str>) -> Limits {
    let options =
        LimitOptions { memory: Some(32 << 20), pids_limit: Some(7), ..LimitOptions::default() };
    let limits = options.resolve().expect("limits");
    Limits { path: path.map(PathBuf::from), ..limits }
}

/// A name for cgroups of this run alone.
fn name() -> String {
    format!("lab-test-{}", std::process::id())
}

fn it_is_where_it_shall_be_and_leaves_nothing() {
    let name = name();
    for path in [format!("/{name}/a/b"), format!("{name}/c"), format!("/{name}")] {
        let container = Contained::new(&limits(Some(&path)), "exec sleep 60").expect("it is made");
        let dirs: Vec<_> = container.cgroup.directories().map(Path::to_owned).collect();
        assert!(!dirs.is_empty() && dirs.iter().all(|dir| dir.ends_with(path.trim_matches('/'))));
        for place in of_process(container.pid()).expect("its cgroups") {
            let is_ours = dirs.contains(&place.dir().expect("it is in sight"));
            assert_eq!(is_ours, !place.hierarchy.controllers.iter().any(|it| it.contains('=')));
        }
        let usage = cgroups::limits_of(container.pid()).expect("limits");
        assert_eq!((usage.memory_limit, usage.pids_limit), (Some(32 << 20), Some(7)));
        drop(container);
        let is_left =
            |dir: &PathBuf| dir.ancestors().any(|dir| dir.ends_with(&name) && dir.exists());
        assert!(!dirs.iter().any(is_left), "{dirs:?}");
    }
}

fn one_that_is_there_already_is_left_alone() {
    let name = name();
    let other = Contained::new(&limits(Some(&name)), "exec sleep 60").expect("it is made");
    let error = Contained::new(&limits(Some(&name)), "true").err().expect("it is refused");
    assert_eq!(error.errno(), Some(Errno::EEXIST), "{error}");
    // Beside it in one place, and above it in the same.
    let error = Contained::new(&limits(Some(&format!("{name}/inside"))), "true").err();
    assert!(error.is_none(), "{error:?}");
    kill(other.pid(), None).expect("the other one lives");
    assert!(other.cgroup.directories().all(Path::exists));
}

fn no_path_leads_out() {
    for path in ["", "/", "..", "/../a", "a/../../b", "./a"] {
        let error = Contained::new(&limits(Some(path)), "true").err().expect("it is refused");
        assert!(error.to_string().contains("expected a path"), "{path}: {error}");
    }
}

fn it_is_found_by_its_record_and_changed_while_it_runs() {
    let script = "while :; do :; done";
    let container = Contained::new(&limits(None), script).expect("it is made");
    let found = container.open();
    let dirs = |groups: &Groups| groups.directories().map(Path::to_owned).collect::<Vec<_>>();
    let sorted = |mut dirs: Vec<PathBuf>| {
        dirs.sort();
        dirs
    };
    assert_eq!(sorted(dirs(&found)), sorted(dirs(&container.cgroup)));
    eventually("it has used some time", || found.used().cpu_time.is_some_and(|it| !it.is_zero()));
    // Memory above what memory and swap were together, and back.
    for (memory, processes) in [(128 << 20, 3), (24 << 20, 9)] {
        let options = LimitOptions {
            memory: Some(memory),
            pids_limit: Some(processes),
            cpus: Some(0.5),
            ..LimitOptions::default()
        };
        found.set(&options.resolve().expect("limits").settings).expect("they can be set");
        let usage = cgroups::limits_of(container.pid()).expect("limits");
        assert_eq!(usage.memory_limit, Some(memory));
        assert_eq!(usage.pids_limit, u64::try_from(processes).ok());
        assert_eq!(usage.cpus, Some(0.5));
    }
    let knob = Knob::new("pids", "pids.max", "many");
    let nonsense = Setting { option: "many".into(), v1: knob.clone(), v2: knob, is_default: false };
    let error = found.set(&[nonsense]).expect_err("it is no number");
    assert_eq!(error.errno(), Some(Errno::EINVAL), "{error}");
    // It is not ours: looking leaves it as it is.
    drop(found);
    kill(container.pid(), None).expect("it lives");
    assert!(container.cgroup.directories().all(Path::exists));
}

fn it_stands_still_and_goes_on() {
    let container = Contained::new(&limits(None), "while :; do :; done").expect("it is made");
    let found = container.open();
    let used = || found.used().cpu_time.expect("it is counted");
    eventually("it runs", || !used().is_zero());
    assert!(!found.is_frozen().expect("a freezer"));
    found.freeze().expect("a freezer");
    assert!(found.is_frozen().expect("a freezer"));
    let before = used();
    // Who has a processor of our own meanwhile is not the container.
    (0..2_000_000).for_each(|it| _ = std::hint::black_box(it));
    assert_eq!(used(), before, "it has gone on");
    found.thaw().expect("a freezer");
    eventually("it goes on", || used() > before);
    found.freeze().expect("a freezer");
    // And one that is frozen can be ended.
    let pid = container.pid();
    found.kill_all();
    let state = || fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    eventually("it has ended", || state().is_empty() || state().contains(") Z "));
}

fn one_that_has_lost_its_runtime_is_swept() {
    let mut maker = Program::new(std::env::current_exe().expect("this program"))
        .arg("maker")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut said = [0; 1];
    maker.stdout.as_mut().expect("a pipe").read_exact(&mut said).expect("it is made");
    maker.kill().expect("it runs");
    maker.wait().expect("its end");
    let top = format!("lab-test-{}", maker.id());
    let trees = cgroups::hierarchies().expect("hierarchies");
    let count = || trees.iter().filter(|tree| tree.mount.join(&top).exists()).count();
    assert!(count() > 0);
    let abandoned = State::abandoned().expect("records");
    assert_eq!(abandoned.len(), 1);
    for state in &abandoned {
        for line in sweep(state, &[cgroups::KIND]) {
            line.expect("it can be removed");
        }
    }
    assert_eq!(count(), 0);
}

fn make_and_wait() {
    let path = format!("/{}/a/b", name());
    let container = Contained::new(&limits(Some(&path)), "exec sleep 60").expect("it is made");
    writeln!(io::stdout()).expect("somebody reads");
    // Until it is killed.
    let _ = io::stdin().read_to_end(&mut Vec::new());
    drop(container);
}
