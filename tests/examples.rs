//! Tests of the programs in examples/. `cargo test` builds them; before `cargo test --test examples` alone, run
//! `cargo build --examples`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[allow(unused_macros, reason = "the command's tests use it")]
#[path = "programs/mod.rs"]
mod programs;

use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};

/// Runs an example, which cargo puts into the directory `examples` beside the program.
fn run(name: &str, words: &[&str]) -> Output {
    let built = Path::new(env!("CARGO_BIN_EXE_gzcc")).parent().unwrap().join("examples").join(name);
    assert!(built.exists(), "{} is missing; `cargo build --examples` builds it", built.display());
    let mut command = programs::command(built);
    let command = command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    programs::spawn(command).wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn main_ends_before_the_background_task_counts_to_the_end() {
    let ran = run("count_to_ten", &["5", "7", "10"]);
    assert!(ran.status.success());
    assert_eq!(text(&ran.stdout), "1\n2\n3\n4\n5\n6\n7\nmain leaves after 7 of 10\n");
    assert_eq!(text(&run("count_to_ten", &["1", "7", "2"]).stdout), "1\n2\nmain leaves after 2 of 2\n");
    // main does not wait for the background task, which needs ten minutes.
    let began = std::time::Instant::now();
    assert_eq!(text(&run("count_to_ten", &["60000", "0", "10"]).stdout), "main leaves after 0 of 10\n");
    assert!(began.elapsed().as_secs() < 60, "it waited for a count");
    assert!(!run("count_to_ten", &["soon"]).status.success());
}

#[test]
fn both_functions_are_called_five_times_before_their_caller_returns() {
    let said = text(&run("hello_world", &[]).stdout);
    let lines: Vec<&str> = said.lines().collect();
    let times = |word| lines.iter().filter(|&&line| line == word).count();
    assert_eq!((times("hello"), times("world"), lines.len()), (5, 5, 11));
    assert_eq!(lines.last(), Some(&"both have been said 5 times"));
    // The calls interleave.
    let first = |word| lines.iter().position(|&line| line == word).unwrap();
    let last = |word| lines.iter().rposition(|&line| line == word).unwrap();
    assert!(first("hello") < last("world") && first("world") < last("hello"), "{said}");
}

#[test]
fn words_of_all_files_are_counted_and_an_invalid_file_stops_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("a"), "one two three\ntwo Three\n").unwrap();
    fs::write(path("b"), "three four \u{fc}ber \u{dc}ber").unwrap();
    fs::write(path("c"), "five five\n").unwrap();
    let mut command = programs::command(env!("CARGO_BIN_EXE_gzcc"));
    let packed = programs::spawn(command.args(["-q", "--rm", &path("b"), &path("c")])).wait();
    assert!(packed.unwrap().success());
    let ran = run("word_tally", &[&path("a"), &path("b.gz")]);
    assert_eq!((ran.status.code(), text(&ran.stderr)), (Some(0), String::new()));
    assert_eq!(text(&ran.stdout), "3\tthree\n2\ttwo\n2\t\u{fc}ber\n");
    let whole = fs::read(path("c.gz")).unwrap();
    fs::write(path("c.gz"), &whole[..whole.len() - 1]).unwrap();
    let ran = run("word_tally", &[&path("missing"), &path("c.gz"), &path("a")]);
    assert_eq!((ran.status.code(), text(&ran.stdout)), (Some(1), "2\tthree\n2\ttwo\n".to_owned()));
    let printed = text(&ran.stderr);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 2, "{printed}");
    assert_eq!(lines[0], format!("word_tally: {}: No such file or directory (os error 2)", path("missing")));
    assert!(lines[1].starts_with(&format!("word_tally: {}: ", path("c.gz"))), "{printed}");
}

#[test]
fn a_closed_pipe_ends_an_example_silently() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("words");
    fs::write(&file, "one two one two\n").unwrap();
    for (name, words) in
        [("word_tally", vec![file.to_str().unwrap()]), ("count_to_ten", vec!["1"]), ("hello_world", vec![])]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let built = Path::new(env!("CARGO_BIN_EXE_gzcc")).parent().unwrap().join("examples").join(name);
        assert!(built.exists(), "{} is missing; `cargo build --examples` builds it", built.display());
        let mut command = programs::command(built);
        let child = programs::spawn(command.args(words).stdout(writer).stderr(Stdio::piped()));
        drop(command);
        let ran = child.wait_with_output().unwrap();
        assert_eq!((ran.status.code(), text(&ran.stderr)), (Some(0), String::new()), "{name}");
    }
}
