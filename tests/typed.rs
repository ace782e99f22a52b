//! Lines that people know from Docker, typed as they are.

use std::net::Ipv4Addr;

use harness::net::Net;
use harness::terminal::on_terminal;
use harness::{Lab, Ran};

/// All options of `docker run`, release 29, but for `--help`.
const DOCKERS: &str = "--add-host --annotation -a --attach --blkio-weight --blkio-weight-device
    --cap-add --cap-drop --cgroup-parent --cgroupns --cidfile --cpu-count --cpu-percent
    --cpu-period --cpu-quota --cpu-rt-period --cpu-rt-runtime -c --cpu-shares --cpus
    --cpuset-cpus --cpuset-mems -d --detach --detach-keys --device --device-cgroup-rule
    --device-read-bps --device-read-iops --device-write-bps --device-write-iops
    --disable-content-trust --dns --dns-opt --dns-option --dns-search --domainname --entrypoint
    -e --env --env-file --expose --gpus --group-add --health-cmd --health-interval
    --health-retries --health-start-interval --health-start-period --health-timeout -h
    --hostname --init -i --interactive --io-maxbandwidth --io-maxiops --ip --ip6 --ipc
    --isolation --kernel-memory -l --label --label-file --link --link-local-ip --log-driver
    --log-opt --mac-address -m --memory --memory-reservation --memory-swap --memory-swappiness
    --mount --name --net --net-alias --network --network-alias --no-healthcheck
    --oom-kill-disable --oom-score-adj --pid --pids-limit --platform --privileged -p --publish
    -P --publish-all --pull -q --quiet --read-only --restart --rm --runtime --security-opt
    --shm-size --sig-proxy --stop-signal --stop-timeout --storage-opt --sysctl --tmpfs -t --tty
    --ulimit --use-api-socket -u --user --userns --uts -v --volume --volume-driver
    --volumes-from -w --workdir";

/// `lab run` with these words.
fn run(lab: &Lab, words: &str) -> Ran {
    lab.lab(["run"].into_iter().chain(words.split_whitespace()))
}

/// What it says of them, after making sure that it does not run them.
#[track_caller]
fn refused(lab: &Lab, words: &str) -> String {
    let ran = run(lab, words);
    assert_eq!((ran.code, ran.stdout.as_str()), (125, ""), "{words}: {}", ran.stderr);
    ran.stderr
}

#[test]
fn each_of_dockers_options_is_taken_or_refused_by_its_name() {
    let lab = Lab::new();
    let mut arrive = Vec::new();
    for option in DOCKERS.split_whitespace() {
        let ran = run(&lab, &format!("chapter-09 {option}"));
        let said = ran.stderr.lines().next().unwrap_or_default();
        let begins = |with: &str| said.starts_with(&format!("error: {option}{with}"));
        let is_later = said.contains(": they arrive in chapter-11");
        if is_later || begins(", ") && said.contains(": arrives in ") {
            arrive.push(option);
        } else if !begins(" is not here: ") {
            // It is ours. Most want a value, and what others do is not this test's business.
            let help = run(&lab, "--help").ok();
            let quiet = "-i --interactive -t --tty --rm".split(' ').any(|quiet| quiet == option);
            let is_listed = help.split([' ', ',', ']', '\n']).any(|word| word == option);
            assert!(quiet || is_listed, "{option}: {}", ran.stderr);
            assert!(!said.contains("unexpected"), "{option}: {}", ran.stderr);
        }
    }
    assert!(arrive.contains(&"-d") && arrive.contains(&"--sysctl"), "{arrive:?}");
}

#[test]
fn a_line_for_a_detached_server_says_what_is_not_there_yet() {
    let lab = Lab::new();
    let later = |flag: &str| {
        format!(
            "error: {flag} needs containers that stay: they arrive in chapter-11\n\
             hint: lab run chapter-11 {flag} …\n"
        )
    };
    let line = "chapter-09 -d -p 80:80 --name web nginx";
    assert_eq!(refused(&lab, line), later("--detach"));
    for flags in ["-itd", "-dit", "-di -t"] {
        assert_eq!(refused(&lab, &format!("7 {flags} -- sh")), later("--detach"), "{flags}");
    }
    assert_eq!(refused(&lab, "7 --restart=always sh"), later("--restart"));
    let said = refused(&lab, "7 --link db:db sh");
    assert_eq!(said, "error: --link, a link to another container: arrives in a later version\n");
    let said = refused(&lab, "7 --cpu-shares 512 sh");
    assert!(said.starts_with("error: --cpu-shares is not here: it is a weight"), "{said}");
    // What is nobody's option is still asked about.
    assert!(refused(&lab, "7 --memroy 1m").contains("a similar argument exists: '--memory'"));
}

#[test]
fn an_option_of_dockers_exec_is_refused_with_its_reason() {
    let lab = Lab::new();
    for (option, why) in [("--privileged", "and no more"), ("--detach-keys=ctrl-x", "Ctrl-Z")] {
        let ran = lab.lab(["exec", option, "web", "sh"]);
        let name = option.split('=').next().unwrap();
        assert!(ran.code == 125 && ran.stdout.is_empty(), "{ran:?}");
        assert!(ran.stderr.starts_with(&format!("error: {name} is not here: ")), "{ran:?}");
        assert!(ran.stderr.contains(why), "{ran:?}");
    }
}

#[test]
fn the_terminal_is_there_however_it_is_asked_for() {
    let Some(lab) = Lab::as_root() else { return };
    for flags in ["-it", "-ti", "-i -t", "--interactive --tty", "--rm -it", "-t -it --tty", "-i"] {
        for line in [format!("{flags} 0"), format!("0 {flags}"), format!("3 {flags} -e A=b")] {
            let ran = lab.sh(&line, "echo out; exit 3");
            let ran = (ran.code, ran.stdout.as_str(), ran.stderr.as_str());
            assert_eq!(ran, (3, "out\n", ""), "{line}");
        }
    }
    let mut shell = lab.program("lab");
    shell.args(["run", "--view", "none", "--rm", "-it", "3", "-e", "PS1=inside> ", "sh"]);
    let mut terminal = on_terminal(shell);
    terminal.expect("inside> ");
    terminal.send_line("test -t 0 && echo a terminal");
    terminal.expect("a terminal");
    terminal.send_line("exit");
    terminal.expect_end();
}

#[test]
fn h_is_the_host_name_and_help_is_help() {
    let Some(lab) = Lab::as_root() else { return };
    for chapter in 4..=9 {
        for name in ["-h web", "-hweb", "--hostname=web"] {
            let line = format!("{chapter} {name} cat /proc/sys/kernel/hostname");
            let net = if chapter > 4 { "--net none" } else { "" };
            assert_eq!(run(&lab, &format!("{net} {line}")).ok(), "web\n", "{line}");
        }
    }
    let said = refused(&lab, "2 -h web sh");
    assert!(said.starts_with("error: --hostname needs UTS namespaces"), "{said}");
    assert!(said.contains("they arrive in chapter-04"), "{said}");
    for line in ["-h", "2 -h", "chapter-09 -h", "-h 7", "-h 7 sh"] {
        assert_eq!(
            refused(&lab, line),
            "error: -h is the container's host name, as in Docker, and needs one: -h NAME\n\
             hint: `lab run --help` is the help\n",
            "{line}"
        );
    }
    assert!(refused(&lab, "7 -h web --name").contains("is required for '--name <NAME>'"));
    assert!(run(&lab, "7 --help").ok().contains("-h, --hostname <NAME>"));
    let program = lab.program("chapter-04-uts-ipc").arg("--help").output().expect("it starts");
    assert!(harness::ran(program).ok().contains("-h, --hostname <NAME>"));
}

#[test]
fn the_entrypoint_is_a_program_with_the_command_as_its_arguments() {
    let Some(lab) = Lab::as_root() else { return };
    for chapter in ["0", "3", "7 --net none", "9 --net none"] {
        let ran = |line: &str| run(&lab, &format!("{chapter} {line}"));
        assert_eq!(ran("--entrypoint echo a b").ok(), "a b\n");
        assert_eq!(ran("--entrypoint=/bin/echo -- -n a").ok(), "a");
        // Without a command, none is made up.
        assert_eq!(ran("--entrypoint echo").ok(), "\n");
        assert_eq!(ran("--entrypoint= echo a").ok(), "a\n");
        assert_eq!(ran("--entrypoint no-such-command a").code, 127);
    }
}

#[test]
fn name_servers_are_those_that_were_asked_for() {
    let Some(lab) = Lab::as_root() else { return };
    let net = Net::new();
    for chapter in 5..=9 {
        for network in ["none", "host", "bridge"] {
            let mut command = lab.program("lab");
            command.args(["run", &chapter.to_string(), "--net", network]);
            command.args(["--dns", "192.0.2.53", "--dns=2001:db8::53", "cat", "/etc/resolv.conf"]);
            let text = harness::ran(net.inside(|| command.output()).expect("lab starts")).ok();
            let servers: Vec<_> =
                text.lines().filter_map(|line| line.strip_prefix("nameserver ")).collect();
            assert_eq!(servers, ["192.0.2.53", "2001:db8::53"], "{chapter} {network}: {text}");
        }
    }
    let said = refused(&lab, "5 --dns example.org true");
    assert!(said.contains("invalid value 'example.org' for '--dns <ADDRESS>'"), "{said}");
}

#[test]
fn hosts_that_were_added_are_found_by_their_names() {
    let Some(lab) = Lab::as_root() else { return };
    let added = "--add-host db:192.0.2.7 --add-host=six=[2001:db8::7] --add-host v6:2001:db8::8";
    for chapter in 4..=9 {
        let net = if chapter > 4 { "--net none" } else { "" };
        let text = run(&lab, &format!("{chapter} {net} {added} cat /etc/hosts")).ok();
        let ends = "\n192.0.2.7\tdb\n2001:db8::7\tsix\n2001:db8::8\tv6\n";
        assert!(text.starts_with("127.0.0.1\tlocalhost\n") && text.ends_with(ends), "{text}");
    }
    let wrong = lab.lab(["run", "4", "--add-host", "db:192.0.2.7\n192.0.2.8 bank", "true"]);
    assert!(wrong.code == 125 && wrong.stderr.contains("is no address"), "{}", wrong.stderr);
    let said = refused(&lab, "3 --add-host db:192.0.2.7 true");
    assert!(said.contains("--add-host needs UTS namespaces: they arrive in chapter-04"), "{said}");
}

#[test]
fn host_gateway_is_where_the_container_reaches_its_host() {
    let Some(lab) = Lab::as_root() else { return };
    let net = Net::new();
    let ran = |line: &str| {
        let mut command = lab.program("lab");
        command.arg("run").args(line.split_whitespace());
        command.args(["--add-host", "out:host-gateway", "cat", "/etc/hosts"]);
        harness::ran(net.inside(|| command.output()).expect("lab starts"))
    };
    let last = |text: &str| text.lines().last().map(str::to_owned);
    assert_eq!(last(&ran("4").ok()).as_deref(), Some("127.0.0.1\tout"));
    for chapter in 5..=9 {
        let host = ran(&format!("{chapter} --net host")).ok();
        assert_eq!(last(&host).as_deref(), Some("127.0.0.1\tout"), "{chapter}");
        let none = ran(&format!("{chapter} --net none"));
        assert_eq!(none.code, 125);
        assert!(none.stderr.contains("host-gateway needs --network bridge"), "{}", none.stderr);
        // The bridge's address is the first of its range of 1,024.
        let text = ran(&format!("{chapter} --net bridge -h web")).ok();
        let of = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_suffix(name)).expect("a line");
            line.trim().parse::<Ipv4Addr>().expect("an address").to_bits()
        };
        assert_eq!(of("out"), (of("web") & !0x3ff) + 1, "{chapter}: {text}");
    }
}

#[test]
fn a_mount_by_keys_is_the_same_as_one_with_colons() {
    let Some(lab) = Lab::as_root() else { return };
    let data = lab.state_dir().join("some:data");
    std::fs::create_dir(&data).expect("a directory");
    std::fs::write(data.join("file"), "hello\n").expect("a file");
    let data = data.display();
    for chapter in 3..=9 {
        let chapter =
            if chapter > 4 { format!("{chapter} --net none") } else { chapter.to_string() };
        let bind = format!("--mount type=bind,source={data},target=/data");
        let write = "echo more >> /data/file";
        // Shells differ in what they make of it: 1 or 2.
        let code = lab.sh(&format!("{chapter} {bind},readonly"), write).code;
        assert!((1..=2).contains(&code), "{chapter}: {code}");
        let short = format!("{chapter} --mount type=bind,src={data},dst=/data,ro=true");
        assert_eq!(lab.sh(&short, "cat /data/file").ok(), "hello\n");
        let tmpfs = "--mount type=tmpfs,destination=/run/x,tmpfs-size=64k,tmpfs-mode=0710";
        let script = "stat -c %a /run/x; grep ' /run/x ' /proc/self/mountinfo";
        let text = lab.sh(&format!("{chapter} {tmpfs}"), script).ok();
        assert!(text.starts_with("710\n") && text.contains("size=64k"), "{chapter}: {text}");
        assert!(text.contains("nosuid,nodev,noexec"), "{chapter}: {text}");
    }
    let bind = format!("3 --mount type=bind,source={data},target=/data");
    lab.sh(&bind, "echo more >> /data/file").ok();
    assert_eq!(lab.sh(&bind, "cat /data/file").ok(), "hello\nmore\n");
}

#[test]
fn a_mount_that_is_not_understood_says_why() {
    let lab = Lab::new();
    for (mount, why) in [
        ("type=bind,sorce=/srv,target=/data", "there is no key sorce: source is one"),
        ("type=bind,source=/srv,traget=/data", "there is no key traget: target is one"),
        ("type=bind,source=/srv,target=/data,read-only", "no key read-only: readonly is one"),
        ("type=bind,source=/srv,target=data", "data: the path in the container must be absolute"),
        ("type=bind,source=/srv", "target=… is missing"),
        ("type=bind,target=/data", "source=… is missing"),
        ("type=bind,source=/srv,target=/d,ro=yes", "ro=yes: expected true or false"),
        ("type=bind,source=/srv,target=/d,tmpfs-size=1m", "is for type=tmpfs"),
        ("type=bind,source=/srv,target=/d,bind-propagation=shared", "only rprivate"),
        ("type=tmpfs,source=/srv,target=/d", "a tmpfs has no source"),
        ("type=tmpfs,target=/d,tmpfs-size=much", "expected a size such as 64m"),
        ("type=tmpfs,target=/d,tmpfs-mode=9", "expected an octal mode"),
        ("type=volume,source=data,target=/d", "named volumes arrive in chapter-11"),
        ("source=/srv,target=/data", "named volumes arrive in chapter-11; type=bind shows"),
        ("type=nfs,source=/srv,target=/data", "there is no type nfs: use bind or tmpfs"),
    ] {
        let said = refused(&lab, &format!("3 --mount {mount} true"));
        assert!(said.contains(why), "{mount}: {said}");
    }
}

#[test]
fn what_a_word_processor_has_made_of_a_line_is_shown_as_it_was() {
    let lab = Lab::new();
    let hint = |words: &[&str]| {
        let ran = lab.lab(["run"].iter().chain(words));
        assert_eq!(ran.code, 125, "{words:?}: {}", ran.stderr);
        let (said, hint) = ran.stderr.split_once("\nhint: ").expect("a hint");
        assert!(said.contains("typographic"), "{said}");
        hint.rsplit_once("/lab ").map_or(hint, |(_, line)| line).trim().to_owned()
    };
    assert_eq!(hint(&["7", "–d", "sh"]), "run 7 -d sh");
    assert_eq!(hint(&["—rm", "7", "sh"]), "run --rm 7 sh");
    assert_eq!(hint(&["7", "−it", "sh"]), "run 7 -it sh");
    assert_eq!(hint(&["7", "--net", "none", "–name=web", "sh"]), "run 7 --net none --name=web sh");
    assert_eq!(hint(&["7", "–help"]), "run 7 --help");
    assert_eq!(hint(&["0", "“sh”", "-c", "‘exit", "3’"]), "run 0 sh -c 'exit 3'");
    assert_eq!(hint(&["0", "-e", "“A=b", "c”", "sh"]), "run 0 -e 'A=b c' sh");
    // In the command's own words such letters may be meant: that is told when it has failed.
    let ran = lab.lab(["run", "0", "echo", "“hello”", "–x"]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "“hello” –x\n", ""));
    let ran = lab.lab(["run", "0", "sh", "-c", "“echo", "hello”"]);
    assert_eq!(ran.code, 127);
    let note = "note: “echo: to a shell, a typographic quote is a letter: use ' or \"\n";
    assert!(ran.stderr.ends_with(note), "{}", ran.stderr);
}

/// The options that a help text lists below the headings of chapters.
fn listed(help: &str) -> Vec<String> {
    let chapters = help.lines().skip_while(|line| !line.starts_with("Chapter "));
    let options = chapters.filter_map(|line| line.split_once("--"));
    let name = |rest: &str| rest.split([' ', ',']).next().unwrap_or_default().to_owned();
    let mut names: Vec<_> = options
        .filter(|(before, _)| before.trim().is_empty() || before.trim_start().starts_with('-'))
        .map(|(_, rest)| name(rest))
        .collect();
    names.sort();
    names
}

#[test]
fn an_option_arrives_in_the_chapter_that_its_heading_names() {
    let lab = Lab::new();
    let packages = [
        "chapter-00-process",
        "chapter-01-chroot",
        "chapter-02-pid-ns",
        "chapter-03-mount-ns",
        "chapter-04-uts-ipc",
        "chapter-05-net-ns",
        "chapter-06-cgroups",
        "chapter-07-overlay",
        "chapter-08-user-ns",
        "chapter-09-security",
    ];
    for package in packages {
        let own = lab.program(package).arg("--help").output().expect("it starts");
        let (own, ours) = (harness::ran(own).ok(), run(&lab, &format!("{package} --help")).ok());
        assert!(listed(&ours).len() >= 5, "{ours}");
        assert_eq!(listed(&ours), listed(&own), "{package}");
    }
}
