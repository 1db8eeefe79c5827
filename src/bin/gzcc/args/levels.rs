//! Digits among the options: `-11` is level 11, `-k9v` has one, and `-j4` has none.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// Long options that may have their value in the next word.
pub(super) const LONG_TAKE_VALUE: &[&str] = &[
    "--level",
    "--engine",
    "--output",
    "--output-dir",
    "--suffix",
    "--jobs",
    "--processes",
    "--memory",
    "--scheduler",
    "--max-size",
    "--files-from",
    "--files0-from",
    "--include",
    "--exclude",
    "--older-than",
    "--newer-than",
    "--min-size",
    "--max-depth",
    "--shard",
    "--completions",
    "--progress",
];

/// Writes the digits among short options as `--level=N`, all digits that stand together as one number:
/// `-k11v` becomes `-k --level=11 -v`. What belongs to an option that takes a value is left alone.
pub(super) fn spell_levels(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    /// Short options whose value is the rest of the word, or the next one.
    const TAKE_VALUE: &[u8] = b"joOpS";
    let mut words = words.into_iter();
    let mut spelt: Vec<OsString> = words.by_ref().take(1).collect();
    while let Some(word) = words.next() {
        let bytes = word.as_bytes();
        if bytes == b"--" {
            spelt.push(word);
            break;
        }
        let takes_next = if bytes.len() > 1 && bytes[0] == b'-' && bytes[1] != b'-' {
            let cluster = &bytes[1..];
            let options = cluster.iter().position(|b| TAKE_VALUE.contains(b)).unwrap_or(cluster.len());
            let mut rest = &cluster[..options];
            while let Some(start) = rest.iter().position(u8::is_ascii_digit) {
                let digits = rest[start..].iter().take_while(|b| b.is_ascii_digit()).count();
                push_cluster(&mut spelt, &rest[..start]);
                let mut level = OsString::from("--level=");
                level.push(OsStr::from_bytes(&rest[start..start + digits]));
                spelt.push(level);
                rest = &rest[start + digits..];
            }
            let mut tail = rest.to_vec();
            tail.extend_from_slice(&cluster[options..]);
            push_cluster(&mut spelt, &tail);
            options + 1 == cluster.len()
        } else {
            // Or their beginnings.
            let takes_next =
                bytes.len() > 2 && LONG_TAKE_VALUE.iter().any(|option| option.as_bytes().starts_with(bytes));
            spelt.push(word);
            takes_next
        };
        if takes_next {
            spelt.extend(words.next());
        }
    }
    spelt.extend(words);
    spelt
}

fn push_cluster(words: &mut Vec<OsString>, letters: &[u8]) {
    if !letters.is_empty() {
        words.push(OsString::from_vec([b"-", letters].concat()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelt(words: &str) -> String {
        let words = ["gzcc"].into_iter().chain(words.split(' ')).map(OsString::from);
        let spelt = spell_levels(words).into_iter().skip(1);
        spelt.map(|word| word.into_string().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn digits_that_stand_together_are_one_level() {
        assert_eq!(spelt("-9"), "--level=9");
        assert_eq!(spelt("-11"), "--level=11");
        assert_eq!(spelt("-k9v a"), "-k --level=9 -v a");
        assert_eq!(spelt("-1k2"), "--level=1 -k --level=2");
    }

    #[test]
    fn digits_of_other_options_and_names_are_left_alone() {
        for words in ["-j4", "-j 4", "-kj4", "-S -9", "-o 7", "--jobs -3", "a -- -9", "-", "--level 3", "--eng -9", "9"]
        {
            assert_eq!(spelt(words), words);
        }
        assert_eq!(spelt("-9j4 -1"), "--level=9 -j4 --level=1");
    }
}
