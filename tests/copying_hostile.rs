//! `lab cp` among those who would lead it elsewhere: archives, and containers that change their
//! files while they are copied.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use harness::{Lab, Ran};
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};

use crate::copying::{Sides, tree};

/// A block of an archive, and its contents: tar(5).
fn entry(kind: u8, name: &str, target: &str, contents: &[u8]) -> Vec<u8> {
    entry_of_size(kind, name, target, contents, contents.len())
}

fn entry_of_size(kind: u8, name: &str, target: &str, contents: &[u8], size: usize) -> Vec<u8> {
    let mut block = vec![0; 512];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0006755\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, target.as_bytes());
    put(257, b"ustar\x0000");
    put(329, b"0000001\0");
    put(337, b"0000005\0");
    let sum: u32 = block.iter().copied().map(u32::from).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block.extend(contents);
    block.resize(block.len().next_multiple_of(512), 0);
    block
}

fn file(name: &str, text: &str) -> Vec<u8> {
    entry(b'0', name, "", text.as_bytes())
}

fn link(name: &str, target: &str) -> Vec<u8> {
    entry(b'2', name, target, b"")
}

fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let length = (1..).find(|length| rest + length.to_string().len() == *length).unwrap();
    entry(b'x', "records", "", format!("{length} {key}={value}\n").as_bytes())
}

fn archive(entries: &[Vec<u8>]) -> Vec<u8> {
    [entries.concat(), vec![0; 1024]].concat()
}

/// A container, and a directory of the host that has the same path as one of its own.
struct Target {
    sides: Sides,
    precious: PathBuf,
}

impl Target {
    fn new(chapter: &str) -> Option<Self> {
        let lab = Lab::as_root()?;
        let sides =
            Sides::new(lab, &format!("{chapter} --network none"), "mkdir /d && chmod 777 /d");
        let precious = sides.outside("precious");
        fs::create_dir(&precious).unwrap();
        fs::write(precious.join("secret"), "the host's").unwrap();
        Some(Self { sides, precious })
    }

    fn unpack(&self, entries: &[Vec<u8>]) -> Ran {
        let ran = self.sides.unpack(&archive(entries), &["-", "c1:/d"]);
        self.assert_untouched();
        ran
    }

    #[track_caller]
    fn assert_untouched(&self) {
        let it = tree(&self.precious).into_iter().collect::<Vec<_>>();
        assert_eq!(it, [("secret".to_owned(), "the host's".to_owned())]);
        let mode = fs::metadata(&self.precious).unwrap().permissions().mode();
        assert_eq!(mode & 0o7000, 0);
    }
}

#[test]
fn no_name_of_an_archive_leads_out_of_the_destination() {
    let Some(target) = Target::new("chapter-07") else { return };
    let precious = target.precious.to_str().unwrap();
    let inside = |path: &str| target.sides.inside(path);
    for name in ["../up", "a/../../up", "/../up", "a/b/../../../up"] {
        let ran = target.unpack(&[file(name, "out")]);
        assert_eq!(ran.code, 1, "{name}: {ran:?}");
        assert!(ran.stderr.contains("leads out"), "{ran:?}");
        let ran = target.unpack(&[record("path", name), file("harmless", "out")]);
        assert_eq!(ran.code, 1, "{name}: {ran:?}");
        let ran = target.unpack(&[entry(b'1', "hard", name, b"")]);
        assert_eq!(ran.code, 1, "{name}: {ran:?}");
        assert!(!inside("up").exists() && !inside("d/hard").exists());
    }
    // From the destination on, and made where it is missing.
    target.unpack(&[file(&format!("{precious}/new"), "in")]).ok();
    assert_eq!(fs::read(inside(&format!("d/{precious}/new"))).unwrap(), b"in");
    target.unpack(&[file("a/../b/./c", "in")]).ok();
    assert_eq!(fs::read(inside("d/b/c")).unwrap(), b"in");
}

#[test]
fn no_link_of_an_archive_leads_out_of_the_destination() {
    let Some(target) = Target::new("chapter-07") else { return };
    let precious = target.precious.to_str().unwrap();
    let inside = |path: &str| target.sides.inside(path);
    for (number, to) in [precious, "../..", "/", "/etc"].into_iter().enumerate() {
        let name = format!("link{number}");
        let through = format!("{name}/passwd");
        let ran = target.unpack(&[link(&name, to), file(&through, "out")]);
        assert_eq!(fs::read_link(inside(&format!("d/{name}"))).unwrap(), Path::new(to));
        // The destination is the root of everything: there is no such place, or it is in there.
        let text = fs::read_to_string(inside("etc/passwd")).unwrap_or_default();
        assert_ne!(text, "out", "{to}: {ran:?}");
        assert!(!inside("passwd").exists());
        // A directory of the same name would be given the archive's mode through it.
        let ran = target.unpack(&[link(&name, to), entry(b'5', &name, "", b"")]);
        assert!(ran.code == 1 && ran.stderr.contains("cannot overwrite"), "{ran:?}");
        // A file of the same name takes its place.
        target.unpack(&[link(&name, &format!("{precious}/secret")), file(&name, "new")]).ok();
        assert_eq!(fs::read(inside(&format!("d/{name}"))).unwrap(), b"new");
    }
    // Another name of the link, not of where it leads.
    target.unpack(&[link("l", "/etc/passwd"), entry(b'1', "h", "l", b"")]).ok();
    assert!(fs::symlink_metadata(inside("d/h")).unwrap().is_symlink());
    // A link that is there already is followed, as Docker does, but not out.
    fs::create_dir_all(inside("d/usr/bin")).unwrap();
    symlink("/usr/bin", inside("d/bin")).unwrap();
    target.unpack(&[file("bin/tool", "new")]).ok();
    assert_eq!(fs::read(inside("d/usr/bin/tool")).unwrap(), b"new");
    assert!(!inside("usr/bin/tool").exists());
}

#[test]
fn an_archive_writes_into_no_file_that_has_another_name() {
    let Some(target) = Target::new("chapter-07") else { return };
    let inside = |path: &str| target.sides.inside(path);
    fs::write(inside("original"), "old").unwrap();
    fs::hard_link(inside("original"), inside("d/other")).unwrap();
    target.unpack(&[file("other", "new")]).ok();
    assert_eq!(fs::read(inside("original")).unwrap(), b"old");
    assert_eq!(fs::read(inside("d/other")).unwrap(), b"new");
    assert_eq!(fs::metadata(inside("original")).unwrap().mode() & 0o7000, 0);
}

#[test]
fn an_archive_that_is_not_whole_is_no_success() {
    let Some(target) = Target::new("chapter-07") else { return };
    let whole = archive(&[file("one", "1"), file("two", &"2".repeat(1000))]);
    let huge = entry_of_size(b'L', "long", "", b"", 1 << 30);
    let mut broken_sum = file("one", "1");
    broken_sum[0] = b'X';
    let bad: [(Vec<u8>, &str); 14] = [
        (Vec::new(), "cut off"),
        (whole[..300].to_vec(), "cut off"),
        (whole[..1024].to_vec(), "cut off"),
        (whole[..1800].to_vec(), "cut off"),
        (whole[..2560].to_vec(), "cut off"),
        (archive(&[huge]), "larger than 1 MiB"),
        (archive(&[broken_sum]), "not a tar archive"),
        (b"no archive".repeat(100), "not a tar archive"),
        (b"\x1f\x8b\x08\0".repeat(200), "gzip -dc"),
        (b"\x1f\x8b\x08\0".to_vec(), "gzip -dc"),
        (archive(&[entry(b'x', "r", "", b"99 path=short\n"), file("a", "")]), "malformed"),
        (archive(&[record("size", "many"), file("a", "")]), "size"),
        (archive(&[record("GNU.sparse.major", "1"), file("a", "")]), "sparse"),
        (archive(&[entry(b'?', "a", "", b"")]), "its kind"),
    ];
    for (bytes, text) in bad {
        let ran = target.sides.unpack(&bytes, &["-", "c1:/d"]);
        assert!(ran.code == 1 && ran.stderr.contains(text), "{text}: {ran:?}");
    }
    // What a record says counts, and not the header: else contents become entries.
    let smuggled = file("smuggled", "out");
    let outer = entry_of_size(b'0', "outer", "", &smuggled, 0);
    target.unpack(&[record("size", &smuggled.len().to_string()), outer]).ok();
    assert!(!target.sides.inside("d/smuggled").exists());
    assert_eq!(fs::read(target.sides.inside("d/outer")).unwrap(), smuggled);
    // Records tell of the next file, whatever else stands between.
    let long = entry(b'L', "././@LongLink", "", b"long\0");
    target.unpack(&[record("size", "3"), long, entry_of_size(b'0', "s", "", b"abc", 0)]).ok();
    assert_eq!(fs::read(target.sides.inside("d/long")).unwrap(), b"abc");
}

#[test]
fn an_archive_brings_devices_only_where_they_may_be_made() {
    for (chapter, is_made) in [("chapter-07", true), ("chapter-08", false)] {
        let Some(target) = Target::new(chapter) else { return };
        let ran = target.unpack(&[entry(b'3', "zero", "", b""), file("file", "f")]);
        assert_eq!(ran.code, 0, "{ran:?}");
        let zero = fs::symlink_metadata(target.sides.inside("d/zero"));
        assert_eq!(zero.is_ok_and(|it| it.file_type().is_char_device()), is_made);
        assert_eq!(ran.stderr.contains("zero: a device cannot be made here"), !is_made, "{ran:?}");
        assert_eq!(fs::read(target.sides.inside("d/file")).unwrap(), b"f");
    }
}

#[test]
fn a_link_in_the_hosts_directory_is_no_directory() {
    let Some(target) = Target::new("chapter-07") else { return };
    let out = target.sides.outside("out");
    fs::create_dir(&out).unwrap();
    symlink(&target.precious, out.join("d")).unwrap();
    fs::write(target.sides.inside("d/secret"), "the container's").unwrap();
    let ran = target.sides.cp(&["c1:/d", "out"]);
    assert!(ran.code == 1 && ran.stderr.contains("cannot overwrite"), "{ran:?}");
    target.assert_untouched();
}

/// Exchanges a directory and a link as fast as it can, while `work` is done.
fn while_exchanged(directory: &Path, link: &Path, work: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let exchange = RenameFlags::RENAME_EXCHANGE;
                renameat2(AT_FDCWD, directory, AT_FDCWD, link, exchange).expect("two names");
            }
        });
        // The other thread must end in any case.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        is_over.store(true, Ordering::Relaxed);
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// As many times everything is copied. A name that is looked up piece by piece leads out in the
/// first ones.
const TRIES: usize = 40;

#[test]
fn a_link_that_changes_meanwhile_does_not_lead_out() {
    let Some(target) = Target::new("chapter-07") else { return };
    let (sides, precious) = (&target.sides, &target.precious);
    let (directory, link) = (sides.inside("d/here"), sides.inside("d/there"));
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("secret"), "the container's").unwrap();
    symlink(precious, &link).unwrap();
    fs::write(sides.outside("new"), "written").unwrap();
    fs::create_dir_all(sides.outside("tree/here")).unwrap();
    fs::write(sides.outside("tree/here/secret"), "written").unwrap();
    while_exchanged(&directory, &link, || {
        for _ in 0..TRIES {
            for from in ["c1:/d/here/secret", "c1:/d/here/.", "c1:/d/."] {
                let out = sides.outside("out");
                fs::create_dir(&out).unwrap();
                // It may be refused, or miss what is not there now.
                let ran = sides.cp(&["-L", from, "out"]);
                assert!([0, 1].contains(&ran.code), "{ran:?}");
                assert!(!tree(&out).values().any(|text| text == "the host's"), "{from}");
                fs::remove_dir_all(&out).unwrap();
            }
            for (from, to) in
                [("new", "c1:/d/here/secret"), ("new", "c1:/d/here/"), ("tree/.", "c1:/d")]
            {
                let ran = sides.cp(&[from, to]);
                assert!([0, 1].contains(&ran.code), "{ran:?}");
                target.assert_untouched();
            }
            let entries = [file("here/secret", "written"), file("here/new", "written")];
            target.unpack(&entries);
        }
    });
}

#[test]
fn what_is_in_the_containers_path_is_not_run() {
    let Some(target) = Target::new("chapter-07") else { return };
    let said = target.sides.inside("d/said");
    let tools = target.sides.outside("tools");
    fs::create_dir(&tools).unwrap();
    for program in ["tar", "gzip", "unpigz", "xz", "zstd", "bzip2"] {
        fs::write(tools.join(program), "#!/bin/sh\necho run > /d/said\n").unwrap();
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(tools.join(program), mode).unwrap();
    }
    target.sides.cp(&["tools/.", "c1:/bin/"]).ok();
    target.sides.cp(&["c1:/etc", "out"]).ok();
    for magic in [&b"\x1f\x8b\x08\0"[..], b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"BZh9"] {
        assert_eq!(target.sides.unpack(&magic.repeat(200), &["-", "c1:/d"]).code, 1);
    }
    assert!(!said.exists());
}
