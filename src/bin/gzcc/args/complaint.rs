//! What is said to a command line that was not understood: one line, with what may have been meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use gzcc::escaped_name::Shown;

/// clap's error as one line.
pub(super) fn usage(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    // What clap renders drops control characters and breaks lines; what was typed is to be told whole.
    let mut line = match (error.kind(), context(ContextKind::InvalidArg), context(ContextKind::InvalidValue)) {
        (ErrorKind::UnknownArgument, Some(word), _) => format!("unexpected argument '{word}' found"),
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(option), Some(value)) if !value.is_empty() => {
            let reason = match (std::error::Error::source(error), context(ContextKind::ValidValue)) {
                (Some(source), _) => format!(": {source}"),
                (None, Some(valid)) => format!(": expected one of {valid}"),
                (None, None) => String::new(),
            };
            match option.starts_with("--level ") {
                // It may have been typed as -13.
                true => format!("invalid level '{value}'{reason}"),
                false => format!("invalid value '{value}' for '{option}'{reason}"),
            }
        }
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    };
    let typed = context(ContextKind::InvalidArg);
    let slipped = typed.as_deref().filter(|_| error.kind() == ErrorKind::UnknownArgument).and_then(meant);
    let kinds = [
        (typed, slipped.or(context(ContextKind::SuggestedArg))),
        (context(ContextKind::InvalidValue), context(ContextKind::SuggestedValue)),
    ];
    for (typed, suggestion) in kinds {
        // What begins with another letter is seldom meant: --compres is no --decompress.
        let initial = |word: &str| word.trim_start_matches('-').chars().next();
        let close = |suggestion: &String| typed.as_deref().is_none_or(|typed| initial(typed) == initial(suggestion));
        if let Some(suggestion) = suggestion.filter(close) {
            line += &format!(" (similar: {suggestion})");
        }
    }
    Shown::text(&line).to_string()
}

/// The long option that was meant, if it is a slip of the fingers away. clap, which compares by likeness, may take
/// --mn-size for --max-size.
fn meant(typed: &str) -> Option<String> {
    let typed = typed.strip_prefix("--")?;
    let definition = super::definition();
    let shown = definition.get_arguments().filter(|option| !option.is_hide_set());
    let mut names = shown.flat_map(|option| option.get_long_and_visible_aliases().unwrap_or_default());
    let name = names.find(|name| is_slip(typed.as_bytes(), name.as_bytes()))?;
    Some(format!("--{name}"))
}

/// Whether the words differ by a letter lost, added or replaced, or by two exchanged.
fn is_slip(typed: &[u8], meant: &[u8]) -> bool {
    let same = typed.iter().zip(meant).take_while(|(a, b)| a == b).count();
    let (typed, meant) = (&typed[same..], &meant[same..]);
    let same = typed.iter().rev().zip(meant.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&typed[..typed.len() - same], &meant[..meant.len() - same]) {
        ([], [_]) | ([_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_slip;
    use crate::args::{Environment, Usage, definition, parse};

    /// What gzcc says to this word.
    fn said(word: &str) -> String {
        let words = ["gzcc", word, "a"].map(std::ffi::OsString::from);
        match parse(words, Environment::default()) {
            Ok(_) => "understood".to_owned(),
            Err(Usage(line)) => line,
        }
    }

    #[test]
    fn every_option_is_found_again_with_two_letters_exchanged_one_lost_or_one_doubled() {
        for option in definition().get_arguments().filter(|option| !option.is_hide_set()) {
            let Some(name) = option.get_long().filter(|name| name.len() > 3) else {
                continue;
            };
            for at in 1..name.len() - 1 {
                let exchanged = [&name[..at], &name[at + 1..at + 2], &name[at..at + 1], &name[at + 2..]].concat();
                let lost = [&name[..at], &name[at + 1..]].concat();
                let doubled = [&name[..at], &name[at..at + 1], &name[at..]].concat();
                for typed in [exchanged, lost, doubled].into_iter().filter(|typed| typed != name) {
                    let line = said(&format!("--{typed}"));
                    // Two options may be as near: --file0s-from.
                    let told = line.split_once("(similar: --").and_then(|(_, rest)| rest.split(')').next());
                    let found = told.is_some_and(|told| is_slip(typed.as_bytes(), told.as_bytes()));
                    // What is cut short is understood, if only to refuse the value.
                    let understood = line == "understood"
                        || ["value", "level"].iter().any(|what| line.contains(&format!("invalid {what} 'a'")));
                    assert!(understood || found, "{typed}: {line}");
                }
            }
        }
    }

    #[test]
    fn a_slip_is_one_letter_or_two_exchanged() {
        for typed in ["mn-size", "mni-size", "mmin-size", "nin-size", "min-siz", "min-sizes"] {
            assert!(is_slip(typed.as_bytes(), b"min-size"), "{typed}");
        }
        for typed in ["min-size", "max-size", "inm-size", "mi-siz", "min"] {
            assert!(!is_slip(typed.as_bytes(), b"min-size"), "{typed}");
        }
        assert!(!is_slip(b"", b"") && is_slip(b"a", b"") && is_slip(b"ab", b"ba") && !is_slip(b"ab", b"cd"));
    }
}
