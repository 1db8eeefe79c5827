//! Help: what `-h` and `--help` say beside the options, and which of them `-h` has. Also the examples, which the manual
//! page has too.

use clap::Command;

/// The options of `-h`, as its one screen has room for: what is used daily. All others are in `--help` alone.
const DAILY: [&str; 15] = [
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

/// What can be said, and what it does.
pub(super) const EXAMPLES: [(&str, &str); 5] = [
    ("gzcc *.log", "each file to its .gz, in parallel"),
    ("gzcc -r --rm logs/", "a tree; removes the originals"),
    ("tar c dir | gzcc > dir.tar.gz", "a stream"),
    ("gzcc -d *.gz", "decompress each file in place"),
    ("gzcc -dc a.gz b.gz | grep error", "decompress to a pipe"),
];

/// What holds for all of it.
const RULES: &str = "Originals are kept unless --rm is given.
Without FILE, or with -, standard input goes to standard output.
Exit status: 0 success, 1 error, 2 warnings only.";

/// What `--help` adds to that.
const MORE_RULES: &str = "Options and files come in any order; the last of contradictory options wins.
Printed sizes are powers of ten (MB), typed sizes powers of two (10M = 10 MiB).
A percentage is the space saved, negative if a file grew.
Under the names gzip, gunzip, zcat, gzcat, pigz and unpigz, gzip's rules hold.
The manual page has the details: gzcc --man | man -l -";

/// The definition with its help in order.
pub(super) fn with_help(definition: Command) -> Command {
    definition
        .mut_args(|option| {
            let is_daily = DAILY.contains(&option.get_id().as_str());
            option.hide_short_help(!is_daily)
        })
        .after_help(format!("{RULES}\n\n{}", examples()))
}

/// The help that clap's `error` stands for. Both have one line for each option where possible: `--help` has all options and
/// fits two screens, `-h` has the daily ones and fits one, for which it goes without headings. The long texts of the
/// options are for the manual page.
pub(super) fn asked_for(error: &clap::Error, definition: Command) -> String {
    let is_whole = error.render().to_string() == definition.clone().render_long_help().to_string();
    let mut shown = match is_whole {
        true => definition
            .mut_args(|option| option.hide_short_help(false))
            .after_help(format!("{RULES}\n{MORE_RULES}\n\n{}", examples())),
        false => definition.mut_args(|option| option.help_heading(None)),
    };
    shown.render_help().to_string()
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
    fn what_is_used_daily_is_in_the_definition() {
        let definition = definition();
        for name in DAILY {
            assert!(definition.get_arguments().any(|option| option.get_id() == name), "{name}");
        }
    }
}
