//! Valid and invalid command lines.

use super::*;

fn settings(line: &str) -> Result<Settings, UsageError> {
    run(line).map(|run| run.settings)
}

fn verbosity(line: &str) -> Verbosity {
    run(line).unwrap().presentation.verbosity
}

fn run(line: &str) -> Result<RunRequest, UsageError> {
    let arguments = ["gzcc"].into_iter().chain(line.split(' ').filter(|argument| !argument.is_empty()));
    match parse(arguments.map(OsString::from), Environment::default())?.request {
        Request::Run(run) => Ok(*run),
        Request::Print { text, .. } => panic!("{text}"),
        Request::Benchmark(benchmark) => panic!("{benchmark:?}"),
        Request::InstallDocs { directory, .. } => panic!("{directory:?}"),
    }
}

#[test]
fn the_definition_passes_claps_own_checks() {
    definition().debug_assert();
}

/// Otherwise a value that looks like a level would be rewritten.
#[test]
fn the_list_of_long_options_with_values_is_complete() {
    let command = Args::command();
    let options =
        command.get_arguments().filter(|option| option.get_action().takes_values() && !option.is_require_equals_set());
    let names = options.flat_map(|option| option.get_long_and_visible_aliases().unwrap_or_default());
    let missing: Vec<&str> =
        names.filter(|name| !super::levels::LONG_TAKE_VALUE.contains(&format!("--{name}").as_str())).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn include_and_exclude_globs_keep_their_common_order() {
    use gzcc::settings::Filter;
    let includes = |line: &str| {
        let Filter { globs, .. } = settings(line).unwrap().filter;
        let rules: Vec<bool> = globs.rules().iter().map(gzcc::settings::Rule::includes).collect();
        rules
    };
    assert_eq!(includes("-r a --include x --exclude=y --include z"), [true, false, true]);
    assert_eq!(includes("--exclude x --exclude y a --include z"), [false, false, true]);
    assert_eq!(includes("--exclude -9 a"), [false]);
}

#[test]
fn recursive_skips_compressed_files_unless_all_is_given() {
    use gzcc::settings::CompressedFiles;
    for (line, expected) in
        [("a", CompressedFiles::SkipGzip), ("-r a", CompressedFiles::SkipAll), ("-r --all a", CompressedFiles::Include)]
    {
        assert_eq!(settings(line).unwrap().filter.compressed_files, expected, "{line}");
    }
}

#[test]
fn the_last_of_contradictory_options_wins() {
    assert_eq!(settings("--best -1 -9 --fast").unwrap().level, 1);
    assert_eq!(settings("--fast --best -3").unwrap().level, 3);
    assert_eq!(settings("-3 --best").unwrap().level, 9);
    assert!(settings("-k --rm").unwrap().removes());
    assert!(!settings("--rm -k").unwrap().removes());
    assert!(!settings("-N -n").unwrap().keep_name);
    assert!(settings("-n -N").unwrap().keep_name);
    assert_eq!(verbosity("-q -v"), Verbosity::Verbose);
    assert_eq!(verbosity("-v -q"), Verbosity::Quiet);
    for silent in ["-qq", "-q -q", "--quiet --quiet", "-vqq", "-qqq"] {
        assert_eq!(verbosity(silent), Verbosity::Silent, "{silent}");
    }
    assert_eq!(verbosity("-qqv"), Verbosity::Verbose);
    assert_eq!(verbosity("-qvq"), Verbosity::Quiet, "-v takes back the first -q");
    assert_eq!(settings("--sync --no-sync").unwrap().sync, Some(false));
    assert!(settings("-d").unwrap().sparse && settings("-d --no-sparse --sparse").unwrap().sparse);
    assert!(!settings("-d --sparse --no-sparse").unwrap().sparse);
    assert_eq!(settings("-c -o x").unwrap().destination, Destination::File("x".into()));
    assert_eq!(settings("-o x -O y").unwrap().destination, Destination::Directory("y".into()));
    assert_eq!(settings("-O y -c").unwrap().destination, Destination::Stdout);
    assert_eq!(settings("-j1 -p 3").unwrap().jobs.get(), 3);
}

#[test]
fn list_precedes_test_and_test_precedes_decompress() {
    for (line, mode) in [("-ld", Mode::List), ("-dl", Mode::List), ("-tl", Mode::List), ("-td", Mode::Test)] {
        assert_eq!(settings(line).unwrap().mode, mode, "{line}");
    }
}

#[test]
fn options_and_files_are_accepted_in_any_order() {
    let settings = settings("a -k b -9 -- -c").unwrap();
    assert_eq!(settings.inputs, ["a", "b", "-c"]);
    assert_eq!((settings.level, settings.destination), (9, Destination::Beside));
}

#[test]
fn the_message_for_an_invalid_value_lists_the_valid_ones() {
    for (line, valid) in [("--engine x", "native, flate2"), ("--scheduler x", "threads, rayon")] {
        let UsageError(message) = settings(line).map(|_| ()).unwrap_err();
        assert!(message.contains(valid), "{message}");
    }
}

#[test]
fn an_invalid_command_line_is_rejected_with_one_line() {
    for line in [
        "-13",
        "--level 13",
        "--engine zlib",
        "--engine flate2 -10",
        "--level x",
        "-j0",
        "-j x",
        "-S=/",
        "-Sa/b",
        "--rm -c a",
        "--nonsense",
        "--install-docs=",
        "--install-docs dir a",
        "-o",
        "--max-size 1",
        "-l -o x",
        "-d --verify",
        "-t --update",
        "--update -c a",
        "--include [a a",
        "--exclude= a",
        "--older-than 7 a",
        "--newer-than -7d a",
        "--older-than 30d --newer-than 7d a",
        "--min-size -1 a",
        "--min-size x a",
        "-r --max-depth 0 a",
        "-r --max-depth x a",
        "--max-depth 1 a",
        "--no-hidden a",
        "--one-file-system a",
        "--all a",
        "-rd --all a",
        "--shard 0/4 a",
        "--shard 5/4 a",
        "--shard 1/0 a",
        "--shard x a",
        "--shard -1/4 a",
        "--shard 1/4",
        "--shard 1/4 a -",
        "--min-size 1",
        "--include x -",
        "--files-from x --files0-from y",
        "--files-from x --files-from y",
        "--files-from=",
        "--files-from - -",
    ] {
        let UsageError(message) = settings(line).map(|_| ()).unwrap_err();
        assert!(!message.is_empty() && !message.contains('\n'), "{line}: {message}");
    }
}

#[test]
fn a_level_that_the_engine_lacks_is_rejected() {
    for (line, engine, level) in [
        ("--engine native -12", settings::Engine::Native, 12),
        ("-10 --eng=native", settings::Engine::Native, 10),
        ("--engine native --best", settings::Engine::Native, 9),
        ("--engine native -9 --engine flate2", settings::Engine::Flate2, 9),
        ("", settings::DEFAULT_ENGINE, 6),
    ] {
        let settings = settings(line).unwrap();
        assert_eq!((settings.engine, settings.level), (engine, level), "{line}");
    }
    let UsageError(line) = settings("-12 --engine flate2").map(|_| ()).unwrap_err();
    assert_eq!(line, "gzcc: level 12 needs --engine native; see gzcc --help");
    let UsageError(line) = settings("--engine native -13").map(|_| ()).unwrap_err();
    assert!(line.contains("'13'") && line.contains("expected 0 to 12"), "{line}");
}

#[test]
fn an_output_named_dash_is_standard_output() {
    assert_eq!(settings("-o -").unwrap().destination, Destination::Stdout);
}
