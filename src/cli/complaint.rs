//! What is said to a command line that was not understood: one line, with what may have been meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use gzcc::shown::Shown;

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
                (None, Some(valid)) => format!(": it is one of {valid}"),
                (None, None) => String::new(),
            };
            format!("invalid value '{value}' for '{option}'{reason}")
        }
        _ => {
            let rendered = error.render().to_string();
            let first = rendered.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    };
    let kinds = [
        (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        (ContextKind::InvalidValue, ContextKind::SuggestedValue),
    ];
    for (typed, suggested) in kinds {
        // What begins with another letter is seldom meant: --compres is no --decompress.
        let initial = |word: &str| word.trim_start_matches('-').chars().next();
        let typed = context(typed);
        let meant = |suggestion: &String| typed.as_deref().is_none_or(|typed| initial(typed) == initial(suggestion));
        if let Some(suggestion) = context(suggested).filter(meant) {
            line += &format!(" (similar: {suggestion})");
        }
    }
    Shown::text(&line).to_string()
}

#[cfg(test)]
mod tests {
    use crate::cli::{Environment, Usage, definition, parse};

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
                    let found = line == "understood" || line.contains(&format!("(similar: --{name})"));
                    assert!(found, "{typed}: {line}");
                }
            }
        }
    }
}
