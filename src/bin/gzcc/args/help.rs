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
    ("gzcc *.log", "each to its .gz, at the same time"),
    ("gzcc -r --rm logs/", "a whole tree; the originals go"),
    ("tar c dir | gzcc > dir.tar.gz", "a stream"),
    ("gzcc -d *.gz", "each decompressed, beside itself"),
    ("gzcc -dc a.gz b.gz | grep error", "decompressed to a pipe"),
];

/// What holds for all of it.
const RULES: &str = "Originals are kept unless you say --rm.
With no FILE, or when FILE is -, standard input is worked on to standard output.
Exit status: 0 all went well, 1 an error, 2 warnings only.";

/// What `--help` adds to that.
const MORE_RULES: &str = "Options and files come in any order; of contradictory options the last one wins.
Called gzip, gunzip, zcat, gzcat, pigz or unpigz, it follows gzip's rules.";

/// The definition with its help in order.
pub(super) fn with_help(definition: Command) -> Command {
    let examples = examples();
    definition
        .mut_args(|option| {
            let is_daily = DAILY.contains(&option.get_id().as_str());
            option.hide_short_help(!is_daily)
        })
        .after_help(format!("{RULES}\n\n{examples}"))
        .after_long_help(format!("{RULES}\n{MORE_RULES}\n\n{examples}"))
}

/// The help that clap's `error` stands for. `-h` goes without headings, for which its one screen has no room.
pub(super) fn asked_for(error: &clap::Error, definition: Command) -> String {
    let text = error.render().to_string();
    let whole = definition.clone().render_long_help().to_string();
    if text == whole {
        whole
    } else {
        definition.mut_args(|option| option.help_heading(None)).render_help().to_string()
    }
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
