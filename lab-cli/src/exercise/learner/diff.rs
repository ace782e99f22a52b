//! The lines that differ between two texts.

use colored::Colorize;

/// Both texts in one, as `diff -u` shows them: `-` is gone, `+` is new. The texts are an
/// exercise's files, so all lines are shown and the simple way is fast enough.
pub fn lines(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    // For each pair of places, how many lines the rests have in common at most.
    let mut common = vec![vec![0usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        let line = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            format!("  {}", old[i - 1]).normal()
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            i += 1;
            format!("- {}", old[i - 1]).red()
        } else {
            j += 1;
            format!("+ {}", new[j - 1]).green()
        };
        text.push_str(&format!("{line}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_and_what_is_new() {
        colored::control::set_override(false);
        assert_eq!(lines("a\nb\nc", "a\nx\nc"), "  a\n- b\n+ x\n  c\n");
        assert_eq!(lines("", "x"), "+ x\n");
    }
}
