//! Where an ordinary user's records and root file systems are: by the XDG Base Directory
//! Specification, in which what is empty or relative counts as not set.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use harness::{Lab, SOMEBODY, ran, scratch, skip};
use tempfile::TempDir;

/// Somebody's directories, and a host on which their name and home are known.
struct User {
    place: TempDir,
    lab: Lab,
}

impl User {
    fn new() -> Option<Self> {
        if !skip::is_root() {
            return None;
        }
        let place = scratch::directory();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["home", "xdg", "here"] {
            let dir = place.path().join(name);
            fs::create_dir(&dir).unwrap();
            chown(&dir, Some(SOMEBODY), Some(SOMEBODY)).unwrap();
        }
        let home = place.path().join("home");
        let user = format!("somebody:x:{SOMEBODY}:{SOMEBODY}::{}:/bin/sh\n", home.display());
        fs::write(place.path().join("passwd"), format!("root:x:0:0::/root:/bin/sh\n{user}"))
            .unwrap();
        Some(Self { place, lab: Lab::of_somebody() })
    }

    /// What a command of `lab` prints with these variables, and no others of the kind, in
    /// the directory `here`. What begins with `@` is a path below the user's place.
    #[track_caller]
    fn says(&self, variables: &[(&str, &str)], args: &[&str]) -> String {
        let place = self.place.path().to_str().unwrap();
        let lab = self.lab.program("lab");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-ec"]);
        command.arg(format!(
            "mount --bind {place}/passwd /etc/passwd; cd {place}/here
             exec setpriv --reuid {SOMEBODY} --regid {SOMEBODY} --clear-groups \"$@\"",
        ));
        command.arg("sh").arg(lab.get_program()).args(args);
        for name in ["HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "LAB_STATE_DIR", "LAB_CACHE_DIR"] {
            command.env_remove(name);
        }
        for (name, value) in variables {
            command.env(name, value.replace('@', &format!("{place}/")));
        }
        let said = ran(command.output().unwrap()).ok();
        let left = fs::read_dir(self.place.path().join("here")).unwrap().count();
        assert_eq!(left, 0, "made where the user stands: {variables:?}");
        said.replace(&format!("{place}/"), "@")
    }
}

/// A home that is there is found although the variables do not tell it.
const OF_THE_HOME: [&[(&str, &str)]; 6] = [
    &[("HOME", "@home")],
    &[("HOME", "@home"), ("XDG_STATE_HOME", ""), ("XDG_CACHE_HOME", "")],
    &[("HOME", "@home"), ("XDG_STATE_HOME", "xdg"), ("XDG_CACHE_HOME", "./xdg")],
    &[],
    &[("HOME", "")],
    &[("HOME", "home")],
];

#[test]
fn records_are_in_the_users_state_directory() {
    let Some(user) = User::new() else { return };
    // A container of chapter 0 sees the host, and so its own record.
    let script = "find \"$0\" -name container.json -printf '%h\n'";
    let place = user.place.path().to_str().unwrap().to_owned();
    let args = ["run", "0", "--", "sh", "-c", script, &place];
    let of = |variables| user.says(variables, &args);
    for variables in OF_THE_HOME {
        let said = of(variables);
        assert!(said.starts_with("@home/.local/state/lab/"), "{variables:?}: {said}");
    }
    let said = of(&[("HOME", "@home"), ("XDG_STATE_HOME", "@xdg")]);
    assert!(said.starts_with("@xdg/lab/"), "{said}");
}

#[test]
fn doctor_tries_an_overlay_in_the_users_state_directory() {
    let Some(user) = User::new() else { return };
    let said = user.says(&[("HOME", "@home")], &["doctor", "--json"]);
    assert!(said.contains("@home/.local/state/lab") && !said.contains("/var/lib/lab"), "{said}");
}

#[test]
fn root_file_systems_are_in_the_users_cache() {
    let Some(user) = User::new() else { return };
    let of = |variables| user.says(variables, &["rootfs", "path", "--image"]);
    for variables in OF_THE_HOME {
        let said = of(variables);
        assert!(said.starts_with("@home/.cache/container-lab/"), "{variables:?}: {said}");
    }
    let said = of(&[("HOME", "@home"), ("XDG_CACHE_HOME", "@xdg")]);
    assert!(said.starts_with("@xdg/container-lab/"), "{said}");
}
