//! `lab cp`: files into a container and out of it, by Docker's rules.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use harness::terminal::on_terminal;
use harness::{
    Lab, Ran, SOMEBODY, Started, capability_of, eventually, kernel, ran, scratch, set_capability,
    skip,
};
use nix::fcntl::{OFlag, open, openat};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, SFlag, makedev, mkdirat, mknod};
use nix::unistd::{Pid, mkfifo};
use tempfile::TempDir;

/// A container that is called `c1`, and a directory of the host to copy from and to.
pub struct Sides {
    container: Option<Started>,
    lab: Lab,
    host: TempDir,
    /// The container's first process.
    pid: i32,
}

impl Drop for Sides {
    fn drop(&mut self) {
        // It comes to its end by itself, and leaves nothing.
        self.container.take().map(Started::finish);
    }
}

impl Sides {
    /// Both, of whoever runs the programs.
    pub fn new(lab: Lab, chapter: &str, script: &str) -> Self {
        let container = lab.start(&format!("{chapter} --name c1"), script);
        let host = scratch::directory();
        if lab.is_of_somebody() {
            chown(host.path(), Some(SOMEBODY), Some(SOMEBODY)).expect("we are root");
        }
        Self { pid: container.pid, container: Some(container), lab, host }
    }

    /// A container of chapter 7, whose root is the host's.
    pub fn of_root() -> Option<Self> {
        Lab::as_root().map(|lab| Self::new(lab, "chapter-07 --network none", ""))
    }

    /// `lab cp`, with the host's directory for the working directory.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.lab.program("lab");
        command.arg("cp").args(args).current_dir(self.host.path());
        command
    }

    pub fn cp(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().expect("lab starts"))
    }

    /// What goes in on standard input.
    pub fn unpack(&self, archive: &[u8], args: &[&str]) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("lab starts");
        // It may have seen enough before the end.
        let _ = child.stdin.take().expect("a pipe").write_all(archive);
        ran(child.wait_with_output().expect("it ends"))
    }

    /// A path of the container, as the host reaches it.
    pub fn inside(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/{path}", self.pid))
    }

    /// A path of the host's directory.
    pub fn outside(&self, path: &str) -> PathBuf {
        self.host.path().join(path)
    }
}

/// All files and links below a directory: what is in them, and where they lead.
pub fn tree(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    add_tree(dir, "", &mut found);
    found
}

fn add_tree(dir: &Path, below: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let name = format!("{below}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().expect("a kind");
        if kind.is_dir() {
            add_tree(&entry.path(), &format!("{name}/"), found);
        } else if kind.is_symlink() {
            let target = fs::read_link(entry.path()).expect("a link");
            found.insert(name, format!("-> {}", target.display()));
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).expect("a file");
            found.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        } else {
            found.insert(name, "special".to_owned());
        }
    }
}

/// Makes what is copied, and for each case a directory to copy to.
const PREPARE: &str = "
    mkdir -p from/dir/sub to && cd from && printf new > file
    printf A > dir/a && printf B > dir/sub/b
    ln -s dir to-dir && ln -s file to-file && ln -s nowhere broken
    cd ../to && n=0
    while [ $n -lt 40 ]; do
        mkdir -p $n/there && printf old > $n/there/old && printf old > $n/taken
        ln -s there $n/to-there && ln -s taken $n/to-taken
        ln -s nowhere $n/to-nowhere && ln -s no/where $n/to-nothing
        n=$((n + 1))
    done";

/// What is in the files that change, and where links lead; or what is said.
type Expected = Result<&'static [(&'static str, &'static str)], &'static str>;

/// What is typed, where it goes, and what comes of it.
const CASES: &[(&str, &str, Expected)] = &[
    ("file", "new", Ok(&[("new", "new")])),
    ("file", "new/", Err("no such directory")),
    ("file", "new/.", Err("no such directory")),
    ("file", "taken", Ok(&[("taken", "new")])),
    ("file", "taken/", Err("not a directory")),
    ("file", "there", Ok(&[("there/file", "new")])),
    ("file", "there/", Ok(&[("there/file", "new")])),
    ("file", "there/.", Ok(&[("there/file", "new")])),
    ("file", "there/../new", Ok(&[("new", "new")])),
    ("file", "to-there", Ok(&[("there/file", "new")])),
    ("file", "to-taken", Ok(&[("taken", "new")])),
    ("file", "to-nowhere", Ok(&[("nowhere", "new")])),
    ("file", "to-nothing", Err("no such file or directory")),
    ("file", "no/where", Err("no such file or directory")),
    ("file", "taken/where", Err("not a directory")),
    ("dir", "new", Ok(&[("new/a", "A"), ("new/sub/b", "B")])),
    ("dir", "new/", Ok(&[("new/a", "A"), ("new/sub/b", "B")])),
    ("dir", "there", Ok(&[("there/dir/a", "A"), ("there/dir/sub/b", "B")])),
    ("dir/", "there", Ok(&[("there/dir/a", "A"), ("there/dir/sub/b", "B")])),
    ("dir", "to-nowhere", Ok(&[("nowhere/a", "A"), ("nowhere/sub/b", "B")])),
    ("dir", "taken", Err("cannot copy directory")),
    ("dir", "no/where", Err("no such file or directory")),
    ("dir/.", "there", Ok(&[("there/a", "A"), ("there/sub/b", "B")])),
    ("dir/.", "to-there/", Ok(&[("there/a", "A"), ("there/sub/b", "B")])),
    ("dir/.", "new", Ok(&[("new/a", "A"), ("new/sub/b", "B")])),
    ("dir/.", "taken", Err("cannot copy directory")),
    ("dir/sub/..", "there", Ok(&[("there/dir/a", "A"), ("there/dir/sub/b", "B")])),
    ("to-dir", "new", Ok(&[("new", "-> dir")])),
    ("to-dir/", "there", Ok(&[("there/to-dir/a", "A"), ("there/to-dir/sub/b", "B")])),
    ("to-dir/.", "there", Ok(&[("there/a", "A"), ("there/sub/b", "B")])),
    ("to-file", "there", Ok(&[("there/to-file", "-> file")])),
    ("broken", "new", Ok(&[("new", "-> nowhere")])),
    ("-L to-file", "there", Ok(&[("there/to-file", "new")])),
    ("-L to-file", "new", Ok(&[("new", "new")])),
    ("-L to-dir", "there", Ok(&[("there/to-dir/a", "A"), ("there/to-dir/sub/b", "B")])),
    ("-L broken", "new", Err("no such file or directory")),
    ("nothing", "new", Err("no such file or directory")),
    ("file/", "new", Err("not a directory")),
    ("file/.", "new", Err("not a directory")),
];

#[test]
fn every_case_of_dockers_table_is_as_it_is_there() {
    let Some(lab) = Lab::as_root() else { return };
    check_cases(&Sides::new(lab, "chapter-07 --network none", &in_base(PREPARE)));
}

#[test]
fn every_case_is_the_same_among_other_users() {
    let Some(lab) = Lab::as_root() else { return };
    check_cases(&Sides::new(lab, "chapter-08 --network none", &in_base(PREPARE)));
}

#[test]
fn every_case_is_the_same_for_an_ordinary_user() {
    if !skip::is_root() {
        return;
    }
    let lab = Lab::of_somebody();
    check_cases(&Sides::new(lab, "chapter-09 --network none", &in_base(PREPARE)));
}

fn in_base(script: &str) -> String {
    format!("mkdir /base && cd /base\n{script}\n")
}

fn check_cases(sides: &Sides) {
    let mut prepare = sides.lab.as_its_user("sh");
    let status = prepare.args(["-c", PREPARE]).current_dir(sides.host.path()).status();
    assert!(status.expect("sh starts").success());
    for (number, (source, to, expected)) in CASES.iter().enumerate() {
        let (flag, source) = source.split_once(' ').map_or((None, *source), |(a, b)| (Some(a), b));
        let to = format!("{number}/{to}");
        let ways = [
            (sides.inside("base/to"), format!("from/{source}"), format!("c1:base/to/{to}")),
            (sides.outside("to"), format!("c1:/base/from/{source}"), format!("to/{to}")),
        ];
        for (dir, from, to) in ways {
            let dir = dir.join(number.to_string());
            let mut all = tree(&dir);
            let args: Vec<_> = flag.into_iter().chain([from.as_str(), to.as_str()]).collect();
            let ran = sides.cp(&args);
            let what = format!("cp {args:?}: {ran:?}");
            match expected {
                Ok(changes) => {
                    assert_eq!(
                        (ran.code, ran.stdout.as_str(), ran.stderr.as_str()),
                        (0, "", ""),
                        "{what}"
                    );
                    all.extend(
                        changes.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())),
                    );
                }
                Err(text) => {
                    assert_eq!(ran.code, 1, "{what}");
                    assert!(ran.stderr.contains(text), "{what}");
                }
            }
            assert_eq!(tree(&dir), all, "{what}");
        }
    }
}

#[test]
fn a_word_that_names_no_copy_is_answered() {
    let Some(sides) = Sides::of_root() else { return };
    fs::write(sides.outside("a:b"), "colon").unwrap();
    let answers: [(&[&str], &str); 8] = [
        (&["a", "b"], "neither the source nor the destination is in a container"),
        (&["-", "-"], "neither the source nor the destination is in a container"),
        (&["c1:/etc", "c1:/tmp"], "copying between containers is not supported"),
        (&["c2:/etc", "."], "no such container: c2"),
        (&["a:b", "c1:/"], "copying between containers is not supported"),
        (&["-", "c1:/etc/hosts"], "the destination must be a directory"),
        (&["c1:/proc/version", "."], "the kernel's own files cannot be copied"),
        (&["c1:/proc", "."], "the kernel's own files cannot be copied"),
    ];
    for (args, text) in answers {
        let ran = sides.cp(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains(text), "{args:?}: {ran:?}");
    }
    sides.cp(&["./a:b", "c1:tmp"]).ok();
    assert_eq!(fs::read(sides.inside("tmp/a:b")).unwrap(), b"colon");
}

#[test]
fn links_of_a_container_are_followed_inside_it() {
    let Some(sides) = Sides::of_root() else { return };
    // They lead to what is on the host as well.
    let place = sides.host.path().to_owned();
    fs::create_dir_all(sides.inside(&place.to_string_lossy())).unwrap();
    fs::write(sides.outside("secret"), "the host's").unwrap();
    fs::write(sides.inside(&place.join("secret").to_string_lossy()), "its own").unwrap();
    fs::create_dir(sides.inside("var2")).unwrap();
    symlink(&place, sides.inside("var2/absolute")).unwrap();
    symlink(format!("../../../../..{}", place.display()), sides.inside("var2/relative")).unwrap();
    for link in ["absolute", "relative"] {
        let from = format!("c1:/var2/{link}/secret");
        sides.cp(&[&from, "got"]).ok();
        assert_eq!(fs::read_to_string(sides.outside("got")).unwrap(), "its own");
        fs::write(sides.outside("new"), link).unwrap();
        sides.cp(&["new", &format!("c1:/var2/{link}/")]).ok();
        let new = sides.inside(&place.join("new").to_string_lossy());
        assert_eq!(fs::read_to_string(new).unwrap(), link);
        assert_eq!(fs::read_to_string(sides.outside("secret")).unwrap(), "the host's");
    }
    // The links of /proc lead anywhere, and nobody follows them.
    let ran = sides.cp(&["c1:/proc/1/root/etc/hosts", "got"]);
    assert_eq!(ran.code, 1, "{ran:?}");
}

/// A program of the host's that runs with somebody's power.
fn make_program(path: &Path, owner: u32) {
    fs::write(path, "program").unwrap();
    chown(path, Some(owner), Some(owner + 1)).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o6755)).unwrap();
    let file = File::options().write(true).open(path).unwrap();
    file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000))
        .unwrap();
}

/// Owner, group, mode and age.
fn seen(path: &Path) -> (u32, u32, u32, i64) {
    let it =
        fs::symlink_metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    (it.uid(), it.gid(), it.mode() & 0o7777, it.mtime())
}

#[test]
fn a_copy_belongs_to_who_is_root_there_or_keeps_its_owner() {
    if !skip::is_root() {
        return;
    }
    for chapter in ["chapter-07", "chapter-08"] {
        let script = "
            mkdir /work && cd /work && mkdir -m 2775 dir
            printf p > dir/program && chown -R 1000:1001 dir && chmod 6755 dir/program
            ln -s nowhere dir/link && chown -h 1000:1001 dir/link
            touch -d @1000000000 dir/program dir";
        let sides = Sides::new(Lab::new(), &format!("{chapter} --network none"), script);
        let map = fs::read_to_string(format!("/proc/{}/uid_map", sides.pid)).unwrap();
        let root: u32 = map.split_whitespace().nth(1).unwrap().parse().unwrap();

        make_program(&sides.outside("program"), 3000);
        sides.cp(&["program", "c1:/work/in"]).ok();
        assert_eq!(seen(&sides.inside("work/in")), (root, root, 0o6755, 1_000_000_000));
        sides.cp(&["-a", "program", "c1:/work/in"]).ok();
        let kept = (root + 3000, root + 3001, 0o6755, 1_000_000_000);
        assert_eq!(seen(&sides.inside("work/in")), kept);

        // What a container says its program may do is not believed.
        sides.cp(&["c1:/work/dir", "out"]).ok();
        assert_eq!(seen(&sides.outside("out/program")), (0, 0, 0o755, 1_000_000_000));
        assert_eq!(seen(&sides.outside("out")).2, 0o2775);
        assert_eq!(seen(&sides.outside("out")).3, seen(&sides.inside("work/dir")).3);
        sides.cp(&["-a", "c1:/work/dir", "kept"]).ok();
        assert_eq!(seen(&sides.outside("kept/program")), (1000, 1001, 0o6755, 1_000_000_000));
        assert_eq!(seen(&sides.outside("kept/link")).0, 1000);
        assert_eq!(
            seen(&sides.outside("kept")),
            (1000, 1001, 0o2775, seen(&sides.inside("work/dir")).3)
        );

        // An archive has the numbers that it would have been made with inside.
        let output = sides.command(["c1:/work/dir", "-"]).output().unwrap();
        sides.unpack(&output.stdout, &["-a", "-", "c1:/tmp"]).ok();
        assert_eq!(seen(&sides.inside("tmp/dir/program")).0, root + 1000);
        sides.unpack(&output.stdout, &["-", "c1:/tmp"]).ok();
        assert_eq!(seen(&sides.inside("tmp/dir/program")).0, root);
    }
}

#[test]
fn capabilities_of_a_file_go_in_and_come_out_only_with_dash_a() {
    let Some(sides) = Sides::of_root() else { return };
    // cap_net_raw+ep, with a byte that ends a line in it: struct vfs_cap_data.
    let value = [1, 0, 0, 2, 10, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let long = "x".repeat(150);
    fs::write(sides.outside(&long), "ping").unwrap();
    if set_capability(&sides.outside(&long), &value).is_err() {
        skip::skip("capabilities of files");
        return;
    }
    sides.cp(&[&long, "c1:/tmp/"]).ok();
    assert_eq!(capability_of(&sides.inside(&format!("tmp/{long}"))), Some(value.to_vec()));
    sides.cp(&[&format!("c1:/tmp/{long}"), "out"]).ok();
    assert_eq!(capability_of(&sides.outside("out")), None);
    sides.cp(&["-a", &format!("c1:/tmp/{long}"), "out"]).ok();
    assert_eq!(capability_of(&sides.outside("out")), Some(value.to_vec()));
}

#[test]
fn what_is_no_file_is_not_opened() {
    let Some(sides) = Sides::of_root() else { return };
    let dir = sides.inside("odd");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("file"), "file").unwrap();
    mkfifo(&dir.join("fifo"), Mode::S_IRWXU).unwrap();
    fs::set_permissions(dir.join("fifo"), fs::Permissions::from_mode(0o622)).unwrap();
    let zero = makedev(1, 5);
    mknod(&dir.join("zero"), SFlag::S_IFCHR, Mode::S_IRUSR, zero).unwrap();
    let _listener = UnixListener::bind(dir.join("socket")).unwrap();

    let ran = sides.cp(&["c1:/odd", "out"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("odd/socket: a socket is not copied"), "{ran:?}");
    assert!(
        ran.stderr.contains("odd/zero: a device comes out of a container with -a only"),
        "{ran:?}"
    );
    let out = sides.outside("out");
    assert_eq!(fs::read_dir(&out).unwrap().count(), 2);
    let fifo = fs::symlink_metadata(out.join("fifo")).unwrap();
    assert!(fifo.file_type().is_fifo() && fifo.mode() & 0o777 == 0o622);

    sides.cp(&["-a", "c1:/odd", "all"]).ok();
    assert_eq!(fs::symlink_metadata(sides.outside("all/zero")).unwrap().rdev(), zero);
    for alone in ["zero", "socket"] {
        let ran = sides.cp(&[&format!("c1:/odd/{alone}"), "alone"]);
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(!sides.outside("alone").exists());
    }
    sides.cp(&["/dev/zero", "c1:/odd/made"]).ok();
    assert_eq!(fs::symlink_metadata(dir.join("made")).unwrap().rdev(), zero);
}

#[test]
fn holes_and_second_names_stay_what_they_are() {
    let Some(sides) = Sides::of_root() else { return };
    let dir = sides.inside("dir");
    fs::create_dir_all(dir.join("sub")).unwrap();
    let sparse = File::create(dir.join("sparse")).unwrap();
    sparse.set_len(16 << 20).unwrap();
    (&sparse).write_all(b"begin").unwrap();
    fs::write(dir.join("sub/one"), "linked").unwrap();
    fs::hard_link(dir.join("sub/one"), dir.join("two")).unwrap();
    for to in ["c1:/dir out", "out c1:/back"] {
        let (from, to) = to.split_once(' ').unwrap();
        sides.cp(&[from, to]).ok();
    }
    for copy in [sides.outside("out"), sides.inside("back")] {
        let sparse = fs::metadata(copy.join("sparse")).unwrap();
        assert_eq!(sparse.len(), 16 << 20);
        assert!(sparse.blocks() < 2048, "{} blocks", sparse.blocks());
        let inode = |name: &str| fs::metadata(copy.join(name)).unwrap().ino();
        assert_eq!(inode("sub/one"), inode("two"));
        assert_eq!(fs::read_to_string(copy.join("two")).unwrap(), "linked");
    }
    assert!(fs::read(sides.outside("out/sparse")).unwrap().starts_with(b"begin\0"));
}

#[test]
fn names_are_bytes() {
    let Some(sides) = Sides::of_root() else { return };
    let names = [
        b"caf\xe9".to_vec(),
        b"two\nlines".to_vec(),
        b" ".to_vec(),
        b"-L".to_vec(),
        vec![b'n'; 255],
        vec![0xff; 255],
    ];
    let dir = sides.inside("names");
    fs::create_dir(&dir).unwrap();
    for name in &names {
        let name = OsStr::from_bytes(name);
        fs::write(dir.join(name), name.as_bytes()).unwrap();
        fs::create_dir(sides.inside("tmp").join(name)).unwrap();
        symlink(name, sides.inside("tmp").join(name).join("link")).unwrap();
    }
    sides.cp(&["c1:/names", "out"]).ok();
    sides.cp(&["c1:/tmp", "links"]).ok();
    sides.cp(&["out", "c1:/back"]).ok();
    for name in &names {
        let name = OsStr::from_bytes(name);
        for copy in [sides.outside("out"), sides.inside("back")] {
            assert_eq!(fs::read(copy.join(name)).unwrap(), name.as_bytes());
        }
        assert_eq!(fs::read_link(sides.outside("links").join(name).join("link")).unwrap(), name);
        // By itself, from where no text can say it.
        let from = [OsStr::new("c1:/names/"), name].into_iter().collect::<OsString>();
        let mut command = sides.command([from, "alone".into()]);
        assert!(command.status().unwrap().success());
        assert_eq!(fs::read(sides.outside("alone")).unwrap(), name.as_bytes());
    }
    // Nor is it a terminal's to obey.
    let missing = OsString::from_vec(b"c1:/\x1b[31m".to_vec());
    let ran = ran(sides.command([missing, ".".into()]).output().unwrap());
    assert!(ran.code == 1 && !ran.stderr.contains('\x1b'), "{ran:?}");
}

#[test]
fn a_tree_of_any_depth_takes_few_descriptors() {
    let Some(sides) = Sides::of_root() else { return };
    let names = vec![OsString::from("d".repeat(100)); 100];
    let dir = OFlag::O_PATH | OFlag::O_DIRECTORY;
    let mut at: OwnedFd = open(&sides.inside("tmp"), dir, Mode::empty()).unwrap();
    for name in &names {
        mkdirat(&at, name.as_os_str(), Mode::S_IRWXU).unwrap();
        at = openat(&at, name.as_os_str(), dir, Mode::empty()).unwrap();
    }
    let flags = OFlag::O_CREAT | OFlag::O_WRONLY;
    let file = openat(&at, "bottom", flags, Mode::S_IRUSR).unwrap();
    File::from(file).write_all(b"deep").unwrap();

    let program = sides.lab.program("lab").get_program().to_owned();
    for (from, to) in [("c1:/tmp/.", "out"), ("out", "c1:/back")] {
        let mut few = sides.lab.as_its_user("sh");
        few.args(["-c", "ulimit -n 32; exec \"$@\"", "sh"]).arg(&program).args(["cp", from, to]);
        ran(few.current_dir(sides.host.path()).output().unwrap()).ok();
    }
    for copy in [sides.outside("out"), sides.inside("back")] {
        let mut at: OwnedFd = open(&copy, dir, Mode::empty()).unwrap();
        for name in &names {
            at = openat(&at, name.as_os_str(), dir, Mode::empty()).unwrap();
        }
        let file = openat(&at, "bottom", OFlag::O_RDONLY, Mode::empty()).unwrap();
        let mut text = String::new();
        File::from(file).read_to_string(&mut text).unwrap();
        assert_eq!(text, "deep");
    }
}

#[test]
fn a_file_that_grows_all_the_time_has_an_end() {
    let Some(sides) = Sides::of_root() else { return };
    let path = sides.inside("growing");
    fs::write(&path, vec![b'x'; 1 << 20]).unwrap();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut file = File::options().append(true).open(&path).unwrap();
            while !is_over.load(Ordering::Relaxed) && file.metadata().unwrap().len() < 1 << 25 {
                file.write_all(&[b'x'; 4096]).unwrap();
            }
        });
        let copied = (0..5).map(|_| sides.cp(&["c1:/growing", "got"])).find(|ran| ran.code != 0);
        is_over.store(true, Ordering::Relaxed);
        assert!(copied.is_none(), "{copied:?}");
    });
    let got = fs::read(sides.outside("got")).unwrap();
    assert!(got.len() >= 1 << 20 && got.iter().all(|byte| *byte == b'x'));
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_copied() {
    if !skip::is_root() {
        return;
    }
    let script = "mkdir /closed && printf x > /closed/file && chmod 0 /closed/file /closed";
    let sides = Sides::new(Lab::of_somebody(), "chapter-07 --network none", script);
    let make = "mkdir dir && cd dir && printf a > a && printf b > b && printf c > c && chmod 0 b";
    let mut sh = sides.lab.as_its_user("sh");
    assert!(sh.args(["-c", make]).current_dir(sides.host.path()).status().unwrap().success());
    let ran = sides.cp(&["dir", "c1:/in"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("copy dir/b: permission denied"), "{ran:?}");
    let names: Vec<_> = tree(&sides.inside("in")).into_keys().collect();
    assert_eq!(names, ["a", "c"]);

    // The root in there reads everything, and what it gives is closed to us as well.
    sides.cp(&["c1:/closed", "out"]).ok();
    assert_eq!(seen(&sides.outside("out")).2, 0);
    assert_eq!(seen(&sides.outside("out/file")).2, 0);
    assert_eq!(fs::read(sides.outside("out/file")).unwrap(), b"x");
    assert_eq!(seen(&sides.outside("out/file")).0, SOMEBODY);
}

#[test]
fn a_container_has_to_do_nothing_for_it() {
    let Some(sides) = Sides::of_root() else { return };
    let pid = Pid::from_raw(sides.pid);
    kill(pid, Signal::SIGSTOP).unwrap();
    fs::write(sides.outside("file"), "moved").unwrap();
    let (there, back) = (sides.cp(&["file", "c1:/"]), sides.cp(&["c1:/file", "back"]));
    kill(pid, Signal::SIGCONT).unwrap();
    there.ok();
    back.ok();
    assert_eq!(fs::read_to_string(sides.outside("back")).unwrap(), "moved");
}

#[test]
fn an_ordinary_user_gives_nothing_away() {
    if !skip::is_root() {
        return;
    }
    let script = "printf x > /file && mkdir /dir && chmod 777 /dir";
    let sides = Sides::new(Lab::of_somebody(), "chapter-07 --network none", script);
    let mut sh = sides.lab.as_its_user("sh");
    let make = ["-c", "printf y > mine"];
    assert!(sh.args(make).current_dir(sides.host.path()).status().unwrap().success());
    let ran = sides.cp(&["-a", "c1:/file", "file"]);
    assert!(ran.code == 1 && ran.stderr.contains("only root can keep owners"), "{ran:?}");
    let ran = sides.cp(&["-a", "mine", "c1:/dir"]);
    assert!(ran.code == 1 && ran.stderr.contains("has no such user"), "{ran:?}");
    // Where nobody else is, nobody else can write either.
    fs::create_dir(sides.outside("roots")).unwrap();
    let ran = sides.cp(&["c1:/file", "roots"]);
    assert!(ran.code == 1 && ran.stderr.contains("permission denied"), "{ran:?}");
}

#[test]
fn mounts_of_a_running_container_are_copied_but_the_kernels_own() {
    let Some(lab) = Lab::as_root() else { return };
    let volume = scratch::directory();
    fs::write(volume.path().join("of-volume"), "v").unwrap();
    let options =
        format!("chapter-07 --network none --tmpfs /scratch -v {}:/data", volume.path().display());
    let sides = Sides::new(lab, &options, "printf t > /scratch/of-tmpfs");
    sides.cp(&["c1:/scratch/of-tmpfs", "out"]).ok();
    assert_eq!(fs::read(sides.outside("out")).unwrap(), b"t");
    fs::write(sides.outside("new"), "n").unwrap();
    sides.cp(&["new", "c1:/scratch"]).ok();
    assert_eq!(fs::read(sides.inside("scratch/new")).unwrap(), b"n");

    fs::create_dir(sides.outside("all")).unwrap();
    let ran = sides.cp(&["c1:/", "all"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let all = sides.outside("all");
    assert_eq!(fs::read(all.join("data/of-volume")).unwrap(), b"v");
    assert_eq!(fs::read(all.join("scratch/of-tmpfs")).unwrap(), b"t");
    for kernels in ["proc", "sys", "dev/pts"] {
        assert_eq!(fs::read_dir(all.join(kernels)).unwrap().count(), 0, "{kernels}");
    }
    // A file that is mounted there is written, and not replaced: that would take the mount away.
    let before = fs::metadata(sides.inside("etc/hosts")).unwrap().ino();
    sides.cp(&["new", "c1:/etc/hosts"]).ok();
    assert_eq!(fs::read(sides.inside("etc/hosts")).unwrap(), b"n");
    assert_eq!(fs::metadata(sides.inside("etc/hosts")).unwrap().ino(), before);
    let mounts = fs::read_to_string(format!("/proc/{}/mounts", sides.pid)).unwrap();
    assert!(mounts.contains(" /etc/hosts "), "{mounts}");
}

#[test]
fn a_directory_is_not_copied_into_itself() {
    let Some(lab) = Lab::as_root() else { return };
    let volume = scratch::directory();
    fs::create_dir(volume.path().join("sub")).unwrap();
    fs::write(volume.path().join("sub/file"), "v").unwrap();
    // It is sent first, so that the copy is begun when the rest is looked at.
    fs::write(volume.path().join("big"), vec![1; 1 << 20]).unwrap();
    let options = format!("chapter-07 --network none -v {}:/data", volume.path().display());
    let sides = Sides::new(lab, &options, "");
    let there = volume.path().join("sub").to_string_lossy().into_owned();
    let host = volume.path().to_string_lossy().into_owned();
    for (from, to, copy) in [
        ("c1:/data", there.as_str(), "sub/data"),
        ("c1:/data/.", &format!("{there}/new"), "sub/new"),
        (&host, "c1:/data/sub/again", "sub/again"),
    ] {
        sides.cp(&[from, to]).ok();
        let copy = volume.path().join(copy);
        assert_eq!(tree(&copy).into_keys().collect::<Vec<_>>(), ["big", "sub/file"], "{from}");
        fs::remove_dir_all(copy).unwrap();
    }
}

#[test]
fn an_archive_goes_out_and_comes_in() {
    let Some(lab) = Lab::as_root() else { return };
    let script = format!("mkdir -m 700 /into1 /into2; {}", in_base(PREPARE));
    let sides = Sides::new(lab, "chapter-08 --network none", &script);
    let source = tree(&sides.inside("base/from"));
    for (from, name, into) in
        [("c1:/base/from", "from", "into1"), ("c1:/base/from/.", ".", "into2")]
    {
        let output = sides.command([from, "-"]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        sides.unpack(&output.stdout, &["-", &format!("c1:/{into}")]).ok();
        assert_eq!(tree(&sides.inside(into).join(name)), source);
        // The directory that it is unpacked into is not what it tells of.
        assert_eq!(seen(&sides.inside(into)).2, 0o700);
        if skip::is_installed("tar") {
            fs::write(sides.outside("it.tar"), &output.stdout).unwrap();
            let mut tar = Command::new("tar");
            let listed = tar.args(["-tf", "it.tar"]).current_dir(sides.host.path()).output();
            let listed = ran(listed.unwrap()).ok();
            assert_eq!(listed.lines().count(), source.len() + 3, "{listed}");
            assert!(listed.lines().any(|line| line == format!("{name}/dir/sub/b")), "{listed}");
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let Some(sides) = Sides::of_root() else { return };
    fs::write(sides.inside("big"), vec![1; 4 << 20]).unwrap();
    let mut command = sides.command(["c1:/big", "-"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 512]).unwrap();
    let ran = ran(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}

#[test]
fn a_terminal_is_told_and_gets_no_archive() {
    let Some(sides) = Sides::of_root() else { return };
    fs::write(sides.outside("five"), "12345").unwrap();
    let mut terminal = on_terminal(sides.command(["five", "c1:/tmp"]));
    let said = terminal.expect_end();
    assert_eq!(said.trim_end(), "Successfully copied 5B (transferred 2.05kB) to c1:/tmp");
    let mut terminal = on_terminal(sides.command(["-q", "five", "c1:/tmp"]));
    assert_eq!(terminal.expect_end(), "");
    let mut terminal = on_terminal(sides.command(["c1:/tmp/five", "-"]));
    assert!(terminal.expect_end().contains("an archive is nothing for a terminal"));
}

#[test]
fn who_copies_in_a_container_has_no_power_outside_and_cannot_be_looked_into() {
    let Some(lab) = Lab::as_root() else { return };
    let sides = Sides::new(lab, "chapter-08 --network none", "");
    let mut command = sides.command(["-", "c1:/tmp"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let lab = child.id().cast_signed();
    let inside = kernel::wait_for("a process in the container", || {
        kernel::child_of(lab)
            .filter(|pid| kernel::namespace(*pid, "user") == kernel::namespace(sides.pid, "user"))
    });
    let own = |pid: i32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let field = |name: &str| {
            status.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned()
        };
        (field("Uid:"), field("Gid:"))
    };
    eventually("it is the container's root", || own(inside) == own(sides.pid));
    let groups = fs::read_to_string(format!("/proc/{inside}/status")).unwrap();
    assert!(groups.lines().any(|line| line.trim_end() == "Groups:"), "{groups}");
    // The files of a process that is not dumpable are root's: proc(5).
    assert_eq!(fs::metadata(format!("/proc/{inside}/environ")).unwrap().uid(), 0);
    // Three streams, the root, the pipe, its report, the user namespace, the destination; two
    // of them twice.
    let open = fs::read_dir(format!("/proc/{inside}/fd")).unwrap().count();
    assert!(open <= 10, "{open} descriptors");
    // It does not outlive who sent it.
    child.kill().unwrap();
    child.wait().unwrap();
    eventually("it ends", || !kernel::is_alive(inside));
}
