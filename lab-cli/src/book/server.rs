//! The smallest web server that a browser is content with: files of one directory.
//!
//! One thread and one answer at a time are enough for one reader. But a browser opens
//! connections before it knows what for, and says nothing on them, so none is read from
//! before poll(2) has seen something arrive.
//!
//! It listens on loopback only, answers GET and HEAD only, and reads nothing that is
//! not, with all links followed, below its directory.

use std::convert::Infallible;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use process::{Result, Step};

/// How long a request may take to arrive, or an answer to be taken.
const PATIENCE: Duration = Duration::from_secs(2);

/// The longest request: a browser's is less than 1 KiB.
const MAX_REQUEST: usize = 16 * 1024;

/// The most connections that wait; the oldest goes.
const MAX_WAITING: usize = 64;

/// Answers requests for the files of a directory, for ever.
///
/// # Errors
/// If the directory is not there, or nobody can be listened to any more.
pub fn serve(listener: &TcpListener, dir: &Path) -> Result<Infallible> {
    let root = dir.canonicalize().step(|| format!("find {}", dir.display()))?;
    let mut waiting: Vec<TcpStream> = Vec::new();
    loop {
        let mut sources = vec![PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        sources.extend(waiting.iter().map(|peer| PollFd::new(peer.as_fd(), PollFlags::POLLIN)));
        poll(&mut sources, PollTimeout::NONE).step(|| "wait for a request")?;
        let mut is_ready = sources.iter().map(|source| source.any().unwrap_or(true));
        let is_new = is_ready.next().unwrap_or(false);
        let is_ready: Vec<_> = is_ready.collect();

        let all = waiting.drain(..).zip(is_ready);
        let (ready, silent): (Vec<_>, Vec<_>) = all.partition(|(_, is_ready)| *is_ready);
        for (peer, _) in ready {
            // Who has gone meanwhile needs no answer.
            let _ = answer(peer, &root);
        }
        waiting.extend(silent.into_iter().map(|(peer, _)| peer));
        if is_new && let Ok((peer, _)) = listener.accept() {
            if waiting.len() == MAX_WAITING {
                waiting.remove(0);
            }
            waiting.push(peer);
        }
    }
}

/// Reads one request and answers it; the connection ends with the answer.
fn answer(mut peer: TcpStream, root: &Path) -> io::Result<()> {
    peer.set_write_timeout(Some(PATIENCE))?;
    let request = read(&mut peer)?;
    let mut words = request.lines().next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, kind, body) = match (method, target.starts_with('/')) {
        ("GET" | "HEAD", true) => page(root, target),
        ("GET" | "HEAD", false) => ("400 Bad Request", String::new(), Vec::new()),
        _ => ("405 Method Not Allowed", "Allow: GET, HEAD\r\n".to_owned(), Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\n{kind}Content-Length: {}\r\nCache-Control: no-cache\r\n\
         Connection: close\r\n\r\n",
        body.len()
    );
    // The standard library writes to sockets without a SIGPIPE, which would end us.
    peer.write_all(head.as_bytes())?;
    if method == "GET" {
        peer.write_all(&body)?;
    }
    Ok(())
}

/// The head of a request, up to the empty line.
fn read(peer: &mut TcpStream) -> io::Result<String> {
    let end = Instant::now() + PATIENCE;
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < MAX_REQUEST {
        let left = end.saturating_duration_since(Instant::now());
        // Zero would be for ever.
        peer.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        match peer.read(&mut piece)? {
            0 => break,
            length => request.extend(&piece[..length]),
        }
    }
    Ok(String::from_utf8_lossy(&request).into_owned())
}

/// What is found under a target: the status, more lines for the head, and the content.
fn page(root: &Path, target: &str) -> (&'static str, String, Vec<u8>) {
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let not_found = || {
        let body = fs::read(root.join("404.html")).unwrap_or_default();
        ("404 Not Found", content_type(Path::new("404.html")), body)
    };
    let Some(found) = look_up(root, path) else { return not_found() };
    if found.is_dir() && !path.ends_with('/') {
        // Or the page's own links, which are relative, would start one too high.
        let location = format!("Location: /{}/\r\n", path.trim_start_matches('/'));
        return ("301 Moved Permanently", location, Vec::new());
    }
    let found =
        if found.is_dir() { look_up(root, &format!("{path}index.html")) } else { Some(found) };
    // Only files: to read a pipe would be to wait for its writer.
    let file = found.filter(|file| file.is_file());
    match file.and_then(|file| Some((content_type(&file), fs::read(&file).ok()?))) {
        Some((kind, body)) => ("200 OK", kind, body),
        None => not_found(),
    }
}

/// The file that a path of an address names, if it is below the root.
fn look_up(root: &Path, path: &str) -> Option<PathBuf> {
    let name = decode(path)?;
    let found = root.join(name.trim_start_matches('/')).canonicalize().ok()?;
    // All `..` and all links are followed by now.
    found.starts_with(root).then_some(found)
}

/// Replaces `%20` and the like.
fn decode(path: &str) -> Option<String> {
    let mut pieces = path.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        bytes.push(u8::from_str_radix(piece.get(..2)?, 16).ok()?);
        bytes.extend(&piece.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// The line that tells a browser what a file is; it runs no script and takes no style
/// without.
fn content_type(path: &Path) -> String {
    let kind = match path.extension().and_then(|ending| ending.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt" | "md" | "diff" | "cast") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    };
    format!("Content-Type: {kind}\r\n")
}
