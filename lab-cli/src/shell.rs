//! Words as a shell takes them back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Words, quoted where a shell would take them for something else.
pub fn quote<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> String {
    let quoted = |word: W| {
        let word = word.as_ref().to_string_lossy().into_owned();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
        if !word.is_empty() && word.chars().all(is_plain) {
            word
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    words.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// A path for JSON. One that is no text is spelled like in a shell, `$'/caf\351'`, so that no
/// two are the same.
pub fn spell(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let spell = |byte: &u8| match byte {
        b'\'' | b'\\' => format!("\\{}", char::from(*byte)),
        b' '..=b'~' => char::from(*byte).to_string(),
        byte => format!("\\{byte:03o}"),
    };
    match str::from_utf8(bytes) {
        Ok(path) => path.to_owned(),
        Err(_) => format!("$'{}'", bytes.iter().map(spell).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_the_words_back_as_they_were() {
        let words = ["lab", "run", "7", "--", "sh", "-c", "echo 'a b' $HOME", ""];
        assert_eq!(quote(words), r"lab run 7 -- sh -c 'echo '\''a b'\'' $HOME' ''");
    }
}
