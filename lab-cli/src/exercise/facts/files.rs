//! Files, as a process sees them. No link in there leads the checker astray: names are
//! looked up with RESOLVE_IN_ROOT, chapter 3 explains it.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use mount_ns::Root;
use nix::fcntl::OFlag;

use super::scene::{Look, Scene, Seen, Subject};

pub const LOOKS: &[Look] = &[
    // file, directory, device or other; nothing if it is not there
    Look { name: "file", run: kind },
    // what is in a file, up to 4 KiB
    Look { name: "content", run: content },
    // the names in a directory
    Look { name: "files", run: names },
    // its mode, as 755
    Look {
        name: "mode",
        run: |_, it, path| meta(it, path, |data| format!("{:o}", data.mode() & 0o7777)),
    },
    // who owns it on the host
    Look { name: "owner", run: owner },
    // major:minor of a device
    Look {
        name: "device",
        run: |_, it, path| {
            meta(it, path, |data| {
                format!(
                    "{}:{}",
                    nix::sys::stat::major(data.rdev()),
                    nix::sys::stat::minor(data.rdev())
                )
            })
        },
    },
];

fn open(subject: &Subject, path: &str, flags: OFlag) -> Result<File, String> {
    let root = Root::open(subject.path("root").as_ref()).map_err(|error| error.to_string())?;
    let found = root.look_up(path.as_ref(), flags);
    found.map(File::from).map_err(|errno| errno.desc().to_lowercase())
}

fn at(subject: &Subject, path: &str) -> String {
    subject.path(&format!("root{path}"))
}

fn meta(subject: &Subject, path: &str, what: impl Fn(&std::fs::Metadata) -> String) -> Seen {
    let file = open(subject, path, OFlag::O_PATH);
    let text = file.and_then(|file| file.metadata().map_err(|error| error.to_string()));
    Seen::of(at(subject, path), text.map(|data| what(&data)))
}

pub(super) fn kind(_: &Scene<'_>, subject: &Subject, path: &str) -> Seen {
    let kind = |data: &std::fs::Metadata| {
        let kind = data.file_type();
        match kind {
            _ if kind.is_file() => "file",
            _ if kind.is_dir() => "directory",
            _ if kind.is_char_device() || kind.is_block_device() => "device",
            _ => "other",
        }
        .to_owned()
    };
    meta(subject, path, kind)
}

pub(super) fn content(_: &Scene<'_>, subject: &Subject, path: &str) -> Seen {
    // A pipe of the program's must not hold us up.
    let file = open(subject, path, OFlag::O_RDONLY | OFlag::O_NONBLOCK);
    let text = file.and_then(|file| {
        let mut bytes = Vec::new();
        file.take(4096).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&bytes).trim_end().to_owned())
    });
    Seen::of(at(subject, path), text)
}

pub(super) fn names(_: &Scene<'_>, subject: &Subject, path: &str) -> Seen {
    let list = open(subject, path, OFlag::O_RDONLY | OFlag::O_DIRECTORY).and_then(|dir| {
        let mut dir =
            nix::dir::Dir::from_fd(dir.into()).map_err(|errno| errno.desc().to_owned())?;
        let names = dir.iter().flatten().map(|it| it.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| name != "." && name != "..").collect();
        names.sort();
        Ok(names)
    });
    match list {
        Ok(names) => Seen::list(at(subject, path), names),
        Err(why) => Seen::nothing(at(subject, path), why),
    }
}

fn owner(scene: &Scene<'_>, subject: &Subject, path: &str) -> Seen {
    meta(subject, path, |data| {
        let inside = scene.sandbox.id_inside(data.uid());
        inside.map_or("nobody".to_owned(), |id| id.to_string())
    })
}
