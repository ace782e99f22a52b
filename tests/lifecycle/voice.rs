//! What a container says, and what is said to it, while its caller is there.

use std::io::{Read, Write};
use std::process::Stdio;

use harness::{eventually, kernel, ran};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Keeper, STAYS};

/// Waits until a process waits itself: whenever somebody looks, it is asleep. One that spins is
/// awake, and one that goes on is so now and then.
#[track_caller]
fn until_asleep(pid: i32) {
    let mut asleep = 0;
    eventually("it sleeps", || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
        let is_asleep = stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'));
        asleep = if is_asleep { asleep + 1 } else { 0 };
        asleep == 200
    });
}

#[test]
fn a_foreground_run_says_what_its_command_says_and_ends_as_it_does() {
    let Some(keeper) = Keeper::new() else { return };
    let script = "echo out; echo err >&2; printf 'no newline'; exit 7";
    let ran = keeper.make("run", "--rm --name web", &["sh", "-c", script]);
    assert_eq!((&*ran.stdout, &*ran.stderr, ran.code), ("out\nno newline", "err\n", 7));
    // All of it has gone by then, and its name is free.
    assert!(keeper.ids().is_empty());
    let ran = keeper.make("run", "--rm --name web", &["nosuch"]);
    assert!(ran.code == 127 && ran.stderr.contains("exec nosuch"), "{ran:?}");
    // The first words are not lost either, nor the last ones, nor any between.
    let ran = keeper.make("run", "--name web", &["seq", "200000"]);
    let numbers: String = (1..=200_000).map(|number| format!("{number}\n")).collect();
    assert!(ran.stdout == numbers && ran.code == 0, "{} bytes", ran.stdout.len());
    assert!(keeper.docker("logs web").ok() == numbers);
}

#[test]
fn what_its_caller_does_not_read_waits_and_nothing_is_lost() {
    let Some(keeper) = Keeper::new() else { return };
    let mut caller = keeper.making("run", "--name web", &["seq", "200000"]);
    let mut caller = caller.stdout(Stdio::piped()).spawn().expect("it starts");
    // Both pipes are full, and all that is between.
    let first = kernel::wait_for("it runs", || {
        let running = keeper.docker("ps -q").ok();
        (!running.is_empty()).then(|| keeper.first(&keeper.ids()[0]))
    });
    until_asleep(first);
    // It can be stopped all the same; here it is read after all.
    let mut said = String::new();
    caller.stdout.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert!(caller.wait().expect("it ends").success());
    assert_eq!(said.lines().count(), 200_000);
}

#[test]
fn a_container_does_not_wait_for_somebody_who_looks_in_and_does_not_read() {
    let Some(keeper) = Keeper::new() else { return };
    let script = "read go; seq 400000; exit 3";
    keeper.run("-i --name web", script);
    let mut guest = keeper.program();
    guest.args(["attach", "web"]).stdin(Stdio::piped());
    let mut guest = guest.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    guest.stdin.take().expect("a pipe").write_all(b"go\n").expect("it reads");
    assert_eq!(keeper.docker("wait web").ok(), "3\n");
    let guest = ran(guest.wait_with_output().expect("it ends"));
    assert!(guest.stderr.contains("more than is read here"), "{}", guest.stderr);
    assert_eq!(keeper.docker("logs --tail 1 web").ok(), "400000\n");
}

#[test]
fn what_its_caller_has_to_say_reaches_the_command_and_so_does_its_end() {
    let Some(keeper) = Keeper::new() else { return };
    let mut caller = keeper.making("run", "--rm -i", &["cat"]);
    let mut caller =
        caller.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let numbers: String = (1..=200_000).map(|number| format!("{number}\n")).collect();
    let (mut input, words) = (caller.stdin.take().expect("a pipe"), numbers.clone());
    // More than fits into all buffers, in both directions.
    let writer = std::thread::spawn(move || input.write_all(words.as_bytes()));
    let ran = ran(caller.wait_with_output().expect("it ends"));
    writer.join().expect("no panic").expect("all was read");
    assert!(ran.stdout == numbers && ran.code == 0, "{} bytes", ran.stdout.len());
    // Without -i, there is nothing to read.
    assert_eq!(keeper.make("run", "--rm", &["wc", "-c"]).ok().trim(), "0");
}

#[test]
fn several_who_are_attached_hear_the_same_and_are_told_how_it_ends() {
    let Some(keeper) = Keeper::new() else { return };
    let script = "while read line; do echo $line; [ $line != go ] || exit 5; done; exit 6";
    keeper.run("-i --rm --name web", script);
    let attach = |word: &str| {
        let mut guest = keeper.program();
        guest.args(["attach", "web"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guest = guest.spawn().expect("it starts");
        let mut input = guest.stdin.take().expect("a pipe");
        input.write_all(format!("{word}\n").as_bytes()).expect("it reads");
        // By then it is attached.
        let output = guest.stdout.as_mut().expect("a pipe");
        kernel::read_until(output, &format!("{word}\n")).expect("it is said");
        (guest, input)
    };
    let (one, first) = attach("one");
    let (mut other, mut second) = attach("other");
    // The end of one's input is not that of the command's: somebody else may come.
    drop(first);
    second.write_all(b"more\n").expect("it reads");
    let output = other.stdout.as_mut().expect("a pipe");
    kernel::read_until(output, "more\n").expect("it is said");
    second.write_all(b"go\n").expect("it reads");
    for (guest, said) in [(one, "other\nmore\ngo\n"), (other, "go\n")] {
        let ran = ran(guest.wait_with_output().expect("it ends"));
        // The record has gone, and the code has come all the same.
        assert_eq!((&*ran.stdout, ran.code), (said, 5));
    }
    assert!(keeper.ids().is_empty());
}

#[test]
fn whoever_attaches_to_a_container_that_ends_comes_back() {
    let Some(keeper) = Keeper::new() else { return };
    for round in 0..20 {
        // Some are too late, and some are not.
        let pause = format!("usleep {}; exit 3", round * 2500);
        keeper.make("run -d", "--name web", &["sh", "-c", &pause]).ok();
        let mut guest = keeper.program();
        // An input that never ends, and in which nobody presses a key.
        let mut guest =
            guest.args(["attach", "web"]).stdin(Stdio::piped()).spawn().expect("it starts");
        let input = guest.stdin.take();
        let code = guest.wait().expect("it ends").code();
        assert!([Some(3), Some(1)].contains(&code), "{code:?}");
        drop(input);
        keeper.docker("rm -f web").ok();
    }
    keeper.run("--name silent", "exec >&- 2>&-; sleep 1000");
    let mut guest = keeper.program();
    let mut guest =
        guest.args(["attach", "silent"]).stdin(Stdio::piped()).spawn().expect("it starts");
    let input = guest.stdin.take();
    keeper.docker("kill silent").ok();
    let code = guest.wait().expect("it ends").code();
    assert!([Some(137), Some(1)].contains(&code), "{code:?}");
    drop(input);
}

#[test]
fn a_grandchild_that_holds_the_output_keeps_nobody_waiting() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.run("--name first", STAYS);
    // In another's PID namespace, nothing ends with its first process.
    let script = "sleep 1000 & echo said; exit 3";
    let ran = keeper.make("run", "--name web --pid container:first", &["sh", "-c", script]);
    assert_eq!((&*ran.stdout, ran.code), ("said\n", 3));
    assert_eq!(keeper.status("web"), "Exited (3");
}

#[test]
fn a_monitor_sleeps_while_nothing_happens() {
    let Some(keeper) = Keeper::new() else { return };
    for args in ["", "-i", "-t", "-it"] {
        // No end of its streams is open any more, on the command's side.
        let id = keeper.run(args, "exec <&- >&- 2>&-; sleep 1000");
        let first = keeper.first(&id);
        let is_closed = || !std::path::Path::new(&format!("/proc/{first}/fd/1")).exists();
        eventually("it has closed them", is_closed);
        until_asleep(keeper.monitor(&id));
        keeper.docker(&format!("rm -f {id}")).ok();
    }
}

#[test]
fn signals_are_passed_on_unless_that_is_not_wanted() {
    let Some(keeper) = Keeper::new() else { return };
    let script =
        "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 1000 & wait $!; done";
    for (proxy, code) in [("", 9), ("--sig-proxy=false", 130)] {
        let args = format!("--name web {proxy}");
        let mut caller = keeper.making("run", &args, &["sh", "-c", script]);
        let mut caller =
            caller.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let output = caller.stdout.as_mut().expect("a pipe");
        kernel::read_until(output, "ready\n").expect("it starts");
        kill(Pid::from_raw(caller.id().cast_signed()), Signal::SIGINT).expect("it is there");
        let ran = ran(caller.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, code, "{ran:?}");
        let goes_on = keeper.status("web").starts_with("Up");
        assert_eq!(goes_on, code == 130);
        keeper.docker("rm -f web").ok();
    }
}

#[test]
fn nobody_makes_up_a_code_when_the_monitor_was_killed() {
    let Some(keeper) = Keeper::new() else { return };
    let mut caller = keeper.making("run", "--name web", &["sh", "-c", "echo ready; sleep 1000"]);
    let mut caller =
        caller.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    kernel::read_until(caller.stdout.as_mut().expect("a pipe"), "ready\n").expect("it starts");
    keeper.kill_monitor(&keeper.ids()[0]);
    let ran = ran(caller.wait_with_output().expect("it ends"));
    assert!(ran.code == 125 && ran.stderr.contains("nobody knows how"), "{ran:?}");
}

#[test]
fn start_attaches_if_it_is_told_to() {
    let Some(keeper) = Keeper::new() else { return };
    keeper.make("create", "--name web", &["sh", "-c", "echo hello; exit 3"]).ok();
    let first = keeper.docker("start -a web");
    assert_eq!((&*first.stdout, first.code), ("hello\n", 3));
    keeper.make("create", "-i --name reads", &["sh", "-c", "echo hello; cat; exit 4"]).ok();
    let mut start = keeper.program();
    start.args(["start", "-a", "-i", "reads"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut start = start.spawn().expect("it starts");
    start.stdin.take().expect("a pipe").write_all(b"words\n").expect("it reads");
    let ran = ran(start.wait_with_output().expect("it ends"));
    assert_eq!((&*ran.stdout, ran.code), ("hello\nwords\n", 4), "{ran:?}");
    let ran = keeper.docker("attach web");
    assert!(ran.code == 1 && ran.stderr.contains("it is not running"), "{ran:?}");
}

#[test]
fn whoever_talks_nonsense_at_the_door_does_no_harm() {
    use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr};
    use nix::sys::socket::{connect, send, socket};
    use std::os::fd::AsRawFd;

    let Some(keeper) = Keeper::new() else { return };
    let id = keeper.run("-i --name web", "read word; echo got $word; exit 6");
    let door = UnixAddr::new(&keeper.record(&id).join("life/attach")).expect("a short path");
    let long = vec![b'i'; 100_000];
    let frames: [&[u8]; 9] =
        [b"", b"h", b"h\xff\x01", b"i", b"s\0", b"?", b"\xff\xff\xff", b"z", &long];
    let mut guests = Vec::new();
    for first in frames {
        for second in frames {
            let flags = SockFlag::SOCK_CLOEXEC;
            let guest = socket(AddressFamily::Unix, SockType::SeqPacket, flags, None);
            let guest = guest.expect("a socket");
            connect(guest.as_raw_fd(), &door).expect("somebody listens");
            for frame in [first, second] {
                // It may have been shown out already.
                let _ = send(guest.as_raw_fd(), frame, MsgFlags::MSG_NOSIGNAL);
            }
            guests.push(guest);
        }
        // All of them at once, as long as they are not too many.
        guests.drain(..guests.len() / 2);
    }
    drop(guests);
    let mut attach = keeper.program();
    attach.args(["attach", "web"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut attach = attach.spawn().expect("it starts");
    attach.stdin.take().expect("a pipe").write_all(b"sense\n").expect("it reads");
    let ran = ran(attach.wait_with_output().expect("it ends"));
    assert_eq!((&*ran.stdout, ran.code), ("got sense\n", 6), "{ran:?}");
}

#[test]
fn a_terminal_without_a_terminal_is_refused_before_anything_is_made() {
    let Some(keeper) = Keeper::new() else { return };
    let ran = keeper.make("run", "-it", &["true"]);
    assert!(ran.code == 125 && ran.stderr.contains("has to be a terminal"), "{ran:?}");
    assert!(keeper.ids().is_empty());
}
