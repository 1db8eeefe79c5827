//! What is understood, and what is refused.

use super::*;

fn settings(words: &str) -> Result<Settings, Usage> {
    run(words).map(|run| run.settings)
}

fn verbosity(words: &str) -> Verbosity {
    run(words).unwrap().presentation.verbosity
}

fn run(words: &str) -> Result<Run, Usage> {
    let words = ["gzcc"].into_iter().chain(words.split(' ').filter(|w| !w.is_empty()));
    match parse(words.map(OsString::from), Environment::default())?.request {
        Request::Run(run) => Ok(*run),
        Request::Print(text) => panic!("{text}"),
        Request::Benchmark(asked) => panic!("{asked:?}"),
    }
}

#[test]
fn the_command_is_well_formed() {
    definition().debug_assert();
}

/// Or a value that looks like a level would become one.
#[test]
fn every_option_that_takes_a_value_is_known_where_levels_are_spelt() {
    use clap::CommandFactory;
    let command = Typed::command();
    let options =
        command.get_arguments().filter(|option| option.get_action().takes_values() && !option.is_require_equals_set());
    let names = options.flat_map(|option| option.get_long_and_visible_aliases().unwrap_or_default());
    let missing: Vec<&str> =
        names.filter(|name| !super::levels::LONG_TAKE_VALUE.contains(&format!("--{name}").as_str())).collect();
    assert_eq!(missing, [""; 0]);
}

#[test]
fn globs_of_both_kinds_are_known_in_the_order_in_which_they_were_typed() {
    use gzcc::settings::Filter;
    let takes = |words: &str| {
        let Filter { globs, .. } = settings(words).unwrap().filter;
        let rules: Vec<bool> = globs.rules().iter().map(gzcc::settings::Rule::includes).collect();
        rules
    };
    assert_eq!(takes("-r a --include x --exclude=y --include z"), [true, false, true]);
    assert_eq!(takes("--exclude x --exclude y a --include z"), [false, false, true]);
    assert_eq!(takes("--exclude -9 a"), [false]);
}

#[test]
fn what_is_taken_under_r_is_not_what_is_compressed_already_unless_all_is() {
    use gzcc::settings::CompressedFiles;
    for (words, packed) in
        [("a", CompressedFiles::SkipGzip), ("-r a", CompressedFiles::SkipAll), ("-r --all a", CompressedFiles::Include)]
    {
        assert_eq!(settings(words).unwrap().filter.compressed_files, packed, "{words}");
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
fn listing_and_testing_are_ways_of_decompressing() {
    for (words, mode) in [("-ld", Mode::List), ("-dl", Mode::List), ("-tl", Mode::List), ("-td", Mode::Test)] {
        assert_eq!(settings(words).unwrap().mode, mode, "{words}");
    }
}

#[test]
fn options_and_files_come_in_any_order() {
    let settings = settings("a -k b -9 -- -c").unwrap();
    assert_eq!(settings.inputs, ["a", "b", "-c"]);
    assert_eq!((settings.level, settings.destination), (9, Destination::Beside));
}

#[test]
fn a_value_that_does_not_exist_is_told_with_those_that_do() {
    for (words, told) in [("--engine x", "native, flate2"), ("--scheduler x", "threads, rayon")] {
        let Usage(line) = settings(words).map(|_| ()).unwrap_err();
        assert!(line.contains(told), "{line}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_in_one_line() {
    for words in [
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
        let Usage(line) = settings(words).map(|_| ()).unwrap_err();
        assert!(!line.is_empty() && !line.contains('\n'), "{words}: {line}");
    }
}

#[test]
fn a_level_needs_an_engine_that_has_it() {
    for (words, engine, level) in [
        ("--engine native -12", settings::Engine::Native, 12),
        ("-10 --eng=native", settings::Engine::Native, 10),
        ("--engine native --best", settings::Engine::Native, 9),
        ("--engine native -9 --engine flate2", settings::Engine::Flate2, 9),
        ("", settings::DEFAULT_ENGINE, 6),
    ] {
        let settings = settings(words).unwrap();
        assert_eq!((settings.engine, settings.level), (engine, level), "{words}");
    }
    let Usage(line) = settings("-12 --engine flate2").map(|_| ()).unwrap_err();
    assert_eq!(line, "gzcc: level 12 needs --engine native; see gzcc --help");
    let Usage(line) = settings("--engine native -13").map(|_| ()).unwrap_err();
    assert!(line.contains("'13'") && line.contains("expected 0 to 12"), "{line}");
}

#[test]
fn output_to_a_dash_is_standard_output() {
    assert_eq!(settings("-o -").unwrap().destination, Destination::Stdout);
}
