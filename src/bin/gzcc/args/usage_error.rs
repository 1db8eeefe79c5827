//! The message for an invalid command line: clap's error as one line, with a suggestion.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use gzcc::EscapedName;

/// clap's error as one line without the program's name.
pub(super) fn message(error: &clap::Error) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    // clap's own text drops control characters and wraps lines, so the argument is taken from the error's context.
    let mut line = match (error.kind(), context(ContextKind::InvalidArg), context(ContextKind::InvalidValue)) {
        (ErrorKind::UnknownArgument, Some(argument), _) => format!("unexpected argument '{argument}' found"),
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(option), Some(value)) if !value.is_empty() => {
            let reason = match (std::error::Error::source(error), context(ContextKind::ValidValue)) {
                (Some(source), _) => format!(": {source}"),
                (None, Some(valid)) => format!(": expected one of {valid}"),
                (None, None) => String::new(),
            };
            match option.starts_with("--level ") {
                // The level may be given as -13, so the option --level is not mentioned.
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
    let option = context(ContextKind::InvalidArg);
    let similar = option.as_deref().filter(|_| error.kind() == ErrorKind::UnknownArgument).and_then(similar_option);
    let suggestions = [
        (option, similar.or(context(ContextKind::SuggestedArg))),
        (context(ContextKind::InvalidValue), context(ContextKind::SuggestedValue)),
    ];
    for (given, suggestion) in suggestions {
        // A suggestion with another first letter is rarely right: --compres is not --decompress.
        let initial = |text: &str| text.trim_start_matches('-').chars().next();
        let close = |suggestion: &String| given.as_deref().is_none_or(|given| initial(given) == initial(suggestion));
        if let Some(suggestion) = suggestion.filter(close) {
            line += &format!(" (similar: {suggestion})");
        }
    }
    EscapedName::text(&line).to_string()
}

/// The long option that differs from `given` by one typing error. Preferred to clap's suggestion, whose similarity measure
/// suggests --max-size for --mn-size.
fn similar_option(given: &str) -> Option<String> {
    let given = given.strip_prefix("--")?;
    let definition = super::definition();
    let visible = definition.get_arguments().filter(|option| !option.is_hide_set());
    let mut names = visible.flat_map(|option| option.get_long_and_visible_aliases().unwrap_or_default());
    let name = names.find(|name| is_typo(given.as_bytes(), name.as_bytes()))?;
    Some(format!("--{name}"))
}

/// Whether the words differ by one letter that is missing, added or replaced, or by two adjacent letters that are swapped.
fn is_typo(given: &[u8], intended: &[u8]) -> bool {
    let prefix = given.iter().zip(intended).take_while(|(a, b)| a == b).count();
    let (given, intended) = (&given[prefix..], &intended[prefix..]);
    let suffix = given.iter().rev().zip(intended.iter().rev()).take_while(|(a, b)| a == b).count();
    match (&given[..given.len() - suffix], &intended[..intended.len() - suffix]) {
        ([], [_]) | ([_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_typo;
    use crate::args::{Environment, UsageError, definition, parse};

    /// The message for the command line `gzcc ARGUMENT a`, or `valid`.
    fn message_for(argument: &str) -> String {
        let arguments = ["gzcc", argument, "a"].map(std::ffi::OsString::from);
        match parse(arguments, Environment::default()) {
            Ok(_) => "valid".to_owned(),
            Err(UsageError(line)) => line,
        }
    }

    #[test]
    fn an_option_with_one_typing_error_is_suggested() {
        for option in definition().get_arguments().filter(|option| !option.is_hide_set()) {
            let Some(name) = option.get_long().filter(|name| name.len() > 3) else {
                continue;
            };
            for at in 1..name.len() - 1 {
                let swapped = [&name[..at], &name[at + 1..at + 2], &name[at..at + 1], &name[at + 2..]].concat();
                let missing = [&name[..at], &name[at + 1..]].concat();
                let doubled = [&name[..at], &name[at..at + 1], &name[at..]].concat();
                for typo in [swapped, missing, doubled].into_iter().filter(|typo| typo != name) {
                    let line = message_for(&format!("--{typo}"));
                    // Two options may be equally close: --file0s-from.
                    let suggested = line.split_once("(similar: --").and_then(|(_, rest)| rest.split(')').next());
                    let found = suggested.is_some_and(|option| is_typo(typo.as_bytes(), option.as_bytes()));
                    // A prefix of an option is valid, even if the value is not.
                    let is_prefix = line == "valid"
                        || ["value", "level"].iter().any(|what| line.contains(&format!("invalid {what} 'a'")));
                    assert!(is_prefix || found, "{typo}: {line}");
                }
            }
        }
    }

    #[test]
    fn a_typo_is_one_wrong_letter_or_two_swapped_ones() {
        for typo in ["mn-size", "mni-size", "mmin-size", "nin-size", "min-siz", "min-sizes"] {
            assert!(is_typo(typo.as_bytes(), b"min-size"), "{typo}");
        }
        for other in ["min-size", "max-size", "inm-size", "mi-siz", "min"] {
            assert!(!is_typo(other.as_bytes(), b"min-size"), "{other}");
        }
        assert!(!is_typo(b"", b"") && is_typo(b"a", b"") && is_typo(b"ab", b"ba") && !is_typo(b"ab", b"cd"));
    }
}
