//! Help, the manual page, and the messages for mistyped options.

use crate::harness::Sandbox;

/// The output for these arguments.
fn printed(words: &[&str]) -> String {
    String::from_utf8(Sandbox::new().gzcc(words).succeeds()).unwrap()
}

/// The long options that a text introduces.
fn long_options(help: &str) -> Vec<&str> {
    let introduced = help.lines().filter(|line| line.trim_start().starts_with('-'));
    let words = introduced.flat_map(|line| line.split([' ', ',', '=', '[', ']']));
    let aliases = help.lines().filter(|line| line.contains("alias")).flat_map(|line| line.split([' ', ',', ']']));
    // A parenthesis in a description does not introduce an option.
    let options = words.chain(aliases).filter(|word| word.starts_with("--") && !word.ends_with(')'));
    // Dots follow an option that may be repeated.
    options.map(|option| option.trim_end_matches('.')).filter(|option| option.len() > 2).collect()
}

/// The examples at the end of a text, each with its description.
fn examples(help: &str) -> Vec<(&str, &str)> {
    let (_, examples) = help.split_once("\nExamples:\n").unwrap();
    examples.lines().map(|line| line.trim().split_once("  ").unwrap()).collect()
}

#[test]
fn help_fits_a_narrow_terminal() {
    for word in ["-h", "--help"] {
        for line in printed(&[word]).lines() {
            assert!(line.chars().count() <= 80, "{word}: {line}");
        }
    }
}

#[test]
fn short_help_fits_a_screen_with_a_line_per_option() {
    let help = printed(&["-h"]);
    assert!(help.lines().count() <= 30, "{help}");
    let (before, _) = help.split_once("\nExamples:\n").unwrap();
    assert!(before.lines().all(|line| !line.starts_with("       ")), "a line is wrapped: {help}");
    for daily in ["--decompress", "--rm", "--recursive", "--jobs <N>", "-0 to -12", "Exit status"] {
        assert!(help.contains(daily), "{daily}: {help}");
    }
    for rare in ["--scheduler", "--rsyncable", "--completions", "named-temporaries", "chunk-length"] {
        assert!(!help.contains(rare), "{rare}: {help}");
    }
}

#[test]
fn long_help_fits_two_screens_and_the_manual_page_has_the_details() {
    let help = printed(&["--help"]);
    // Two screens of 60 rows, each with one line for a prompt or pager.
    assert!(help.lines().count() <= 118, "{} lines: {help}", help.lines().count());
    for rule in ["powers of ten (MB)", "powers of two (10M = 10 MiB)", "space saved", "gzcc --man"] {
        assert!(help.contains(rule), "{rule}: {help}");
    }
    let detail = "The original must still be the file that was read";
    assert!(!help.contains(detail) && printed(&["--man"]).contains(detail));
}

#[test]
fn long_help_lists_every_option_under_a_heading() {
    let (short, long) = (printed(&["-h"]), printed(&["--help"]));
    let headings =
        ["Operation:", "Compression:", "Choosing files:", "Output:", "Originals:", "Running:", "Reporting:", "Help:"];
    let found: Vec<&str> = long.lines().filter(|line| headings.contains(line)).collect();
    assert_eq!(found, headings, "{long}");
    let all = long_options(&long);
    assert!(all.len() > 30 && !all.contains(&"--named-temporaries") && !all.contains(&"--chunk-length"), "{all:?}");
    for option in long_options(&short) {
        assert!(all.contains(&option), "{option}");
    }
    assert!(long.contains("Usage: gzcc [OPTIONS] [FILE]...") && long.contains("Exit status"), "{long}");
    assert!(!long.contains("\nOptions:"), "an option has no heading: {long}");
}

#[test]
fn help_ends_with_five_examples_that_work() {
    require!("bash", "grep", "groff", "tar");
    let (short, long, page) = (printed(&["-h"]), printed(&["--help"]), rendered(&printed(&["--man"])));
    let examples = examples(&long);
    assert_eq!(examples, self::examples(&short));
    assert_eq!(examples.len(), 5);
    let t = Sandbox::new();
    for file in ["x.log", "y.log", "logs/z", "dir/w", "a", "b"] {
        t.write(file, "an error\n");
    }
    for (example, _) in examples {
        assert!(page.contains(example), "{example}: {page}");
        // The fifth example reads them.
        t.shell("gzcc -f a b").succeeds();
        if example.contains("-d *.gz") {
            t.shell("rm x.log y.log a b; mv dir.tar.gz tar").succeeds();
        }
        let out = t.shell(&format!("set -eo pipefail; {example}")).succeeds();
        let expected = if example.ends_with("grep error") { "an error\nan error\n" } else { "" };
        assert!(expected.is_empty() || out == expected.as_bytes(), "{example}");
    }
    for made in ["x.log.gz", "y.log.gz", "logs/z.gz", "x.log", "a"] {
        assert!(t.exists(made), "{made}: {:?}", t.names());
    }
    assert!(!t.exists("logs/z"));
    t.shell("gzcc -dc < tar | tar t | grep -qx dir/w").succeeds();
}

#[test]
fn help_and_version_work_together_with_other_options() {
    let t = Sandbox::new();
    t.write("a", "x");
    assert_eq!(t.gzcc(["--rm", "-c", "a", "-h"]).succeeds(), printed(&["-h"]).into_bytes());
    assert_eq!(t.gzcc(["-rvh", "--nonsense"]).succeeds(), printed(&["-h"]).into_bytes());
    assert_eq!(t.gzcc(["-d", "--help", "a"]).succeeds(), printed(&["--help"]).into_bytes());
    for words in [["-V", "a"], ["a", "--version"], ["--rm", "-cV"]] {
        assert_eq!(t.gzcc(words).succeeds(), format!("gzcc {}\n", env!("CARGO_PKG_VERSION")).into_bytes());
    }
    assert_eq!(t.gzcc(["--rm", "-c", "a", "--man"]).succeeds(), printed(&["--man"]).into_bytes());
    assert_eq!(t.names(), ["a"]);
}

#[test]
fn a_mistyped_option_is_an_error_with_similar_options() {
    let cases = [
        ("--levle 3", "unexpected argument '--levle' found (similar: --level)"),
        ("--recusrive", "unexpected argument '--recusrive' found (similar: --recursive)"),
        ("--recursve", "unexpected argument '--recursve' found (similar: --recursive)"),
        ("--output_dir x", "unexpected argument '--output_dir' found (similar: --output-dir)"),
        ("--jbos 3", "unexpected argument '--jbos' found (similar: --jobs)"),
        // `--compres` gets no suggestion, because `--decompress` is its opposite.
        ("--compres", "unexpected argument '--compres' found"),
        ("-x", "unexpected argument '-x' found"),
        ("--dry-run", "unexpected argument '--dry-run' found"),
        (
            "--scheduler thread",
            "invalid value 'thread' for '--scheduler <KIND>': expected one of threads, rayon (similar: threads)",
        ),
        (
            "--engine nativ",
            "invalid value 'nativ' for '--engine <ENGINE>': expected one of native, flate2 (similar: native)",
        ),
        ("--engine x", "invalid value 'x' for '--engine <ENGINE>': expected one of native, flate2"),
    ];
    let t = Sandbox::new();
    t.write("a", "x");
    for (words, reason) in cases {
        let line = format!("gzcc: {reason}; see gzcc --help");
        assert_eq!(t.gzcc(words.split(' ').chain(["a"])).says(1, &[&line]), "");
    }
    assert_eq!(t.names(), ["a"]);
}

/// The manual page as rendered on a terminal with 80 columns.
fn rendered(page: &str) -> String {
    let t = Sandbox::new();
    // Plain text, and one continuous page.
    let words = ["-man", "-Tutf8", "-ww", "-P-cbou", "-rLL=78n", "-rcR=1"];
    let text = String::from_utf8(t.command("groff", words).stdin(page).succeeds()).unwrap();
    // groff prints copyable minus signs as U+2212.
    text.replace('\u{2212}', "-")
}

#[test]
fn the_manual_page_renders_without_warnings_and_is_complete() {
    require!("groff");
    let page = printed(&["--man"]);
    let text = rendered(&page);
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase())).collect();
    let begin = [
        "NAME",
        "SYNOPSIS",
        "DESCRIPTION",
        "OPTIONS",
        "DECOMPRESSING",
        "INDEXES AND RANGES",
        "SALVAGE",
        "FILE SELECTION",
    ];
    let rules = [
        "LISTS",
        "SHARDS",
        "BGZF",
        "RECOMPRESSING",
        "UPDATE",
        "CHANGING FILES",
        "EXISTING OUTPUTS",
        "ORIGINALS AND METADATA",
        "WORKERS AND MEMORY",
    ];
    let end = ["JSON", "BENCHMARK", "EXIT STATUS", "ENVIRONMENT", "FILES", "FILE SYSTEMS", "EXAMPLES"];
    let sections = [&begin[..], &rules, &end].concat();
    assert_eq!(headings[1..=sections.len()], sections, "{text}");
    assert!(text.contains("\nSEE ALSO\n") && text.contains("gzip(1)"), "{text}");
    for option in long_options(&printed(&["--help"])) {
        assert!(long_options(&text).contains(&option), "{option}: {text}");
    }
    for phrase in ["GZCC(1)", "User Commands", concat!("gzcc ", env!("CARGO_PKG_VERSION")), "   Choosing files"] {
        assert!(text.contains(phrase), "{phrase}: {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(!text.contains("named-temporaries") && !text.contains("chunk-length"));
}

#[test]
fn man_renders_the_page_without_warnings() {
    require!("man");
    let t = Sandbox::new();
    t.write("gzcc.1", printed(&["--man"]));
    let mut man = t.command("man", ["--warnings=w", "-l", "gzcc.1"]);
    man.set("MANWIDTH", "80");
    let text = String::from_utf8(man.succeeds()).unwrap();
    assert!(text.contains("gzcc - compress files in parallel"), "{text}");
}

#[test]
fn printing_to_a_full_disk_is_an_error_and_to_a_closed_reader_is_silent() {
    require!("bash");
    let t = Sandbox::new();
    for words in ["--help", "--man", "--completions bash", "--completions zsh"] {
        let full = "gzcc: standard output: No space left on device";
        let line = t.shell(&format!("gzcc {words} > /dev/full")).run();
        line.assert(line.status.code() == Some(1) && line.stderr().trim_end() == full, words);
        // The reader ends before the output begins.
        let gone = t.shell(&format!("{{ sleep 0.1; gzcc {words}; echo $? > status; }} | true")).run();
        gone.assert(gone.stderr.is_empty() && t.read("status") == b"141\n", words);
    }
}
