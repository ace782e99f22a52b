//! `lab book`: a book is built when it has to be, and served to this host alone.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use harness::{DEADLINE, Lab};

/// A checkout with a book of one page, and a script that builds another.
fn course(lab: &Lab) -> std::path::PathBuf {
    let book = lab.state_dir().join("course/book");
    fs::create_dir_all(book.join("book")).expect("a directory");
    let script = book.join("build.sh");
    let build = "#!/bin/sh\necho built anew > \"${0%/*}/book/index.html\"\n";
    fs::write(&script, build).expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("permissions");
    book
}

/// `lab book` for it, with programs of one directory only.
fn command(lab: &Lab, book: &Path, path: &Path) -> Command {
    let mut command = lab.program("lab");
    command.args(["book", "--port", "0", "--no-open"]).env("LAB_BOOK_DIR", book);
    command.env("PATH", path).env("LAB_BOOK_TOOLS", path.join("none"));
    command
}

/// A book that is served, until this is dropped.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("lab starts");
        let mut line = String::new();
        let said = child.stdout.take().expect("a pipe");
        BufReader::new(said).read_line(&mut line).expect("a line");
        let address = line.split('/').nth(2).unwrap_or_else(|| panic!("an address: {line}"));
        Self { address: address.to_owned(), child }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).expect("somebody listens")
    }

    /// The whole answer to a request.
    fn ask(&self, request: &str) -> String {
        self.ask_as(request, &format!("Host: {}\r\n", self.address))
    }

    /// The same with these lines in the request's head.
    fn ask_as(&self, request: &str, head: &str) -> String {
        let mut peer = self.connect();
        write!(peer, "{request} HTTP/1.1\r\n{head}\r\n").expect("it is read");
        rest(peer)
    }
}

/// What is still to come of an answer.
fn rest(mut peer: TcpStream) -> String {
    peer.set_read_timeout(Some(DEADLINE)).expect("a socket");
    let mut answer = String::new();
    peer.read_to_string(&mut answer).expect("an answer");
    answer
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_book_is_served_on_loopback_and_nothing_else_is() {
    let lab = Lab::new();
    let book = course(&lab);
    fs::write(book.join("book/index.html"), "one page\n").expect("a file");
    fs::write(book.join("secret"), "not in the book\n").expect("a file");
    std::os::unix::fs::symlink("../secret", book.join("book/link")).expect("a link");
    // No tool to build it, and it is no older than its text: the last file written.
    fs::write(book.join("book/index.html"), "one page\n").expect("a file");
    let served = Served::new(command(&lab, &book, lab.state_dir()));
    assert!(served.address.starts_with("127.0.0.1:"), "{}", served.address);
    let page = served.ask("GET /");
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.ends_with("one page\n"), "{page}");
    for path in ["/../secret", "/%2e%2e/secret", "/link", "/nothing"] {
        let answer = served.ask(&format!("GET {path}"));
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    assert!(served.ask("POST /").starts_with("HTTP/1.1 405 "));
}

/// A server of a book with one page.
fn served(lab: &Lab) -> Served {
    let book = course(lab);
    fs::write(book.join("book/index.html"), "one page\n").expect("a file");
    Served::new(command(lab, &book, lab.state_dir()))
}

#[test]
fn a_reader_who_is_slow_keeps_nobody_waiting() {
    let lab = Lab::new();
    let served = served(&lab);
    let silent = served.connect();
    let host = format!("Host: {}\r\n", served.address);
    let begun: Vec<_> = (0..20)
        .map(|number| {
            let mut peer = served.connect();
            let request = format!("GET / HTTP/1.1\r\n{host}\r\n");
            let (said, left) = request.split_at(number * request.len() / 20);
            peer.write_all(said.as_bytes()).expect("it is read");
            (peer, left.to_owned())
        })
        .collect();
    assert!(served.ask("GET /").ends_with("one page\n"));
    // None of them had to go for that.
    for (mut peer, left) in begun.into_iter().rev() {
        for byte in left.bytes() {
            peer.write_all(&[byte]).expect("it is read");
        }
        assert!(rest(peer).ends_with("one page\n"), "after {left:?}");
    }
    (&silent).write_all(format!("GET / HTTP/1.1\r\n{host}\r\n").as_bytes()).expect("it is read");
    assert!(rest(silent).ends_with("one page\n"));
}

#[test]
fn readers_are_not_kept_for_ever_nor_without_number() {
    let lab = Lab::new();
    let served = served(&lab);
    let mut slow = served.connect();
    slow.write_all(b"GET / ").expect("it is read");
    assert_eq!(rest(slow), "", "it is given up");
    let all: Vec<_> = (0..100).map(|_| served.connect()).collect();
    assert!(served.ask("GET /").ends_with("one page\n"));
    assert_eq!(rest(all.into_iter().next().expect("a hundred")), "", "the first had to go");
    // A head without end.
    let mut endless = served.connect();
    while endless.write_all(&[b'x'; 4096]).is_ok() {}
}

#[test]
fn a_page_from_elsewhere_cannot_read_it_under_another_name() {
    let lab = Lab::new();
    let served = served(&lab);
    let is_answered = |head: &str| served.ask_as("GET /", head).ends_with("one page\n");
    for head in [
        "Host: 127.0.0.1\r\n",
        "host: 127.0.0.1:3000\r\n",
        "Accept: */*\r\nHOST:  LocalHost:8080 \r\n",
        "Host: [::1]:80\r\n",
    ] {
        assert!(is_answered(head), "{head:?}");
    }
    for head in [
        "",
        "Host:\r\n",
        "Host: evil.example\r\n",
        "Host: evil.example:3000\r\n",
        "Host: 127.0.0.1.evil.example\r\n",
        "Host: localhost.evil.example:80\r\n",
        "Host: localhost:80.evil.example\r\n",
        "Host: evil.example\r\nHost: localhost\r\n",
        "Host: 192.0.2.1\r\n",
        "X-Host: localhost\r\n",
    ] {
        assert!(!is_answered(head), "{head:?}");
        assert!(served.ask_as("GET /", head).starts_with("HTTP/1.1 403 "), "{head:?}");
    }
}

#[test]
fn a_book_older_than_its_text_is_built() {
    let lab = Lab::new();
    let book = course(&lab);
    let tools = lab.state_dir().join("tools");
    fs::create_dir(&tools).expect("a directory");
    for tool in ["mdbook", "mdbook-gettext"] {
        fs::write(tools.join(tool), "").expect("a file");
    }
    let served = Served::new(command(&lab, &book, &tools));
    assert!(served.ask("GET /").ends_with("built anew\n"));
}

#[test]
fn without_mdbook_the_command_that_installs_it_is_named() {
    let lab = Lab::new();
    let book = course(&lab);
    let output = command(&lab, &book, lab.state_dir()).output().expect("lab starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    let expected = format!(
        "error: build the book: there is no mdbook\nhint: {}/install-tools.sh installs it\n",
        book.display()
    );
    assert_eq!((output.status.code(), &*errors), (Some(125), &*expected));
}
