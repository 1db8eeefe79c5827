//! The help: the options that `-h` lists, and the text around the options in `-h` and `--help`. Also the examples, which the
//! manual page shares.

use clap::Command;

/// The options that `-h` lists: the common ones, so that with rules and examples the help has 30 lines. `--help` lists all.
const COMMON: [&str; 15] = [
    "decompress",
    "test",
    "list",
    "level",
    "recursive",
    "stdout",
    "output",
    "output_dir",
    "force",
    "rm",
    "jobs",
    "quiet",
    "verbose",
    "help",
    "version",
];

/// Example commands and their descriptions.
pub(super) const EXAMPLES: [(&str, &str); 5] = [
    ("gzcc *.log", "each file to its .gz, in parallel"),
    ("gzcc -r --rm logs/", "a tree; removes the originals"),
    ("tar c dir | gzcc > dir.tar.gz", "a stream"),
    ("gzcc -d *.gz", "decompress each file in place"),
    ("gzcc -dc a.gz b.gz | grep error", "decompress to a pipe"),
];

/// General rules, in `-h` and `--help`.
const RULES: &str = "Originals are kept without --rm. Without FILE or with -, stdin goes to stdout.
Exit status: 0 success, 1 error, 2 warnings only.";

/// More rules, in `--help` only.
const MORE_RULES: &str = "Options and files come in any order; the last of contradictory options wins.
Printed sizes are powers of ten (MB), typed sizes powers of two (10M = 10 MiB).
A percentage is the space saved, negative if a file grew.
Under the names gzip, gunzip, zcat, gzcat, pigz and unpigz, gzip's rules hold.
The manual page has the details: gzcc --man | man -l -";

/// Adds the text around the options, and hides all but the common options from `-h`.
pub(super) fn with_help(definition: Command) -> Command {
    definition
        .mut_args(|option| {
            let is_common = COMMON.contains(&option.get_id().as_str());
            option.hide_short_help(!is_common)
        })
        .after_help(format!("{RULES}\n\n{}", examples()))
}

/// The help that clap's `error` requests, with one line for each option where possible. `--help` lists all options and fits
/// two screens; `-h` lists the common ones without headings and fits one. Only the manual page has the long texts.
///
/// `parsed` is the definition that the command line was parsed with.
pub(super) fn requested(error: &clap::Error, parsed: Command) -> String {
    let is_long = error.render().to_string() == parsed.clone().render_long_help().to_string();
    let definition = with_help(parsed);
    let mut definition = match is_long {
        true => definition
            .mut_args(|option| option.hide_short_help(false))
            .after_help(format!("{RULES}\n{MORE_RULES}\n\n{}", examples())),
        false => definition.mut_args(|option| option.help_heading(None)),
    };
    definition.render_help().to_string()
}

fn examples() -> String {
    let widest = EXAMPLES.iter().map(|(command, _)| command.len()).max().unwrap_or_default();
    let lines = EXAMPLES.iter().map(|(command, what)| format!("\n  {command:widest$}  {what}"));
    format!("Examples:{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::definition;

    #[test]
    fn every_common_option_is_defined() {
        let definition = definition();
        for name in COMMON {
            assert!(definition.get_arguments().any(|option| option.get_id() == name), "{name}");
        }
    }
}
