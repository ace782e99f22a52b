//! The recorded session: a transcript, typed and printed at a person's pace.
//!
//! What is seen in it is what the transcript's test has seen; only the pauses are ours. The
//! file is an asciicast of version 2: a head, then a line for each piece of output.

use harness::snapshot::assert_file;
use regex::Regex;
use serde_json::json;

use super::{read, workspace};

#[test]
fn the_recording_plays_what_the_transcript_says() {
    let transcript = read(&workspace().join("book/transcripts/07-layers.console"));
    let typed = Regex::new("^(/ )?# ").expect("a pattern");
    let (mut now, mut events) = (0.5, Vec::new());
    let mut show = |text: &str, pause: f64| {
        events.push(json!([(now * 100.0_f64).round() / 100.0, "o", text]).to_string());
        now += pause;
    };
    for line in transcript.lines() {
        match typed.find(line) {
            Some(prompt) => {
                show(prompt.as_str(), 0.8);
                for key in line[prompt.end()..].chars() {
                    show(&key.to_string(), 0.06);
                }
                show("\r\n", 0.4);
            }
            None => show(&format!("{line}\r\n"), 0.05),
        }
    }
    show("# ", 0.0);
    let head = json!({ "version": 2, "width": 80, "height": 24 });
    let text = format!("{head}\n{}\n", events.join("\n"));
    assert_file(&workspace().join("book/src/recordings/chapter-07.cast"), &text);
}
