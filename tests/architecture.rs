//! Dependencies point down: the code of each layer names only its own and lower layers. docs/ARCHITECTURE.md explains the layers.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// The layers of the library, highest first, with the top-level modules of each. Modules of a layer may name each other.
const LAYERS: [&[&str]; 7] = [
    &["lib", "run", "encoder", "decoder", "salvage_reader", "fuzzing", "shutdown"],
    &["pipeline"],
    &["select"],
    &["io"],
    &["outcome", "tally", "observer", "settings", "error"],
    &["deflate", "inflate", "format"],
    &["sync", "escaped_name"],
];

/// Files that contain only tests. They may name any layer, because they compare its results or run all layers.
const TEST_FILES: [&str; 4] =
    ["pipeline/scheduler/stress", "pipeline/stream/chunk_tests", "pipeline/stream/pipe_tests", "deflate/roundtrip"];

/// Words that only the command uses.
const COMMAND_ONLY: [&str; 6] = ["clap", "is_terminal", "serde_json", "println!", "eprintln!", "signal_hook"];

/// Maximum number of lines of a file.
const MAX_LINES: usize = 400;

/// Maximum number of lines of a function.
const MAX_FUNCTION_LINES: usize = 60;

/// Longer functions, each with the reason.
const LONG_FUNCTIONS: [(&str, &str); 0] = [];

/// Paths below `src` and contents of all files.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &root, &mut files);
    assert!(files.len() > 100, "only {} files are found", files.len());
    files
}

/// Those of the library's files.
fn library_files() -> Vec<(String, String)> {
    files().into_iter().filter(|(name, _)| !name.starts_with("bin/")).collect()
}

fn collect(root: &Path, directory: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            collect(root, &path, files);
        } else if name.ends_with(".rs") {
            files.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The lines of a file that are neither comments nor unit tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let start = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    let end = text[start..].find("\n}\n").map_or(text.len(), |end| start + end);
    text[..start].lines().chain(text[end..].lines()).filter(|line| !line.trim_start().starts_with("//"))
}

/// The index of the layer that a top-level module belongs to.
fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|modules| modules.contains(&module))
}

/// The top-level modules that a line names.
fn named_modules(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    line.split("crate::").skip(1).map(move |rest| rest.split(|c| !is_name(c)).next().unwrap())
}

/// A description of each line that names a higher layer than that of its file.
fn upward_dependencies(name: &str, text: &str) -> Vec<String> {
    let module = name.split(['/', '.']).next().unwrap();
    let own = layer(module).unwrap_or_else(|| panic!("src/{name} is in no layer"));
    let mut found = Vec::new();
    for line in code(text) {
        // A name that is not a module is exported by lib.rs, which is in the highest layer.
        let higher = named_modules(line).filter(|module| layer(module).unwrap_or(0) < own);
        found.extend(higher.map(|module| format!("src/{name} names {module}: {}", line.trim())));
    }
    found
}

#[test]
fn no_layer_names_a_higher_one() {
    let files = library_files();
    let checked = files.iter().filter(|(name, _)| !TEST_FILES.iter().any(|test| name.starts_with(test)));
    let found: Vec<_> = checked.flat_map(|(name, text)| upward_dependencies(name, text)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_line_that_names_a_higher_layer_is_found() {
    let upward = "use crate::pipeline::job::Jobs;\n";
    assert_eq!(
        upward_dependencies("io/output.rs", upward),
        ["src/io/output.rs names pipeline: use crate::pipeline::job::Jobs;"]
    );
    assert!(upward_dependencies("pipeline/job.rs", "use crate::io::output::Output;\n").is_empty());
    assert!(upward_dependencies("io/output.rs", "// crate::pipeline\n").is_empty(), "a comment");
}

#[test]
fn the_library_contains_no_command_line_terminal_json_output_or_signal_handler() {
    for (name, text) in library_files() {
        for line in code(&text) {
            let word = COMMAND_ONLY.iter().find(|word| line.contains(**word));
            assert!(word.is_none(), "src/{name}: {}", line.trim());
        }
    }
}

/// Whether a string literal of the line contains an option of the command after other text: `-f`, `--verify`. At its start it may be
/// the suffix `-gz`.
fn names_option(line: &str) -> bool {
    let strings = line.split('"').skip(1).step_by(2);
    let is_option = |word: &str| word.strip_prefix('-').is_some_and(|rest| rest.contains(char::is_alphabetic));
    strings.flat_map(|string| string.split([' ', '(', ')', '\'']).skip(1)).any(is_option)
}

#[test]
fn the_texts_of_the_library_name_no_options_of_the_command() {
    assert!(names_option(r#"f.write_str("is a directory (-r walks into it)")"#) && names_option(r#"("see --help")"#));
    assert!(!names_option(r#"input == "-" && a - b > 0"#));
    for (name, text) in library_files() {
        if TEST_FILES.iter().any(|test| name.starts_with(test)) || name.ends_with("_tests.rs") {
            continue;
        }
        let option = code(&text).find(|line| names_option(line));
        assert!(option.is_none(), "src/{name}: {}", option.unwrap_or_default().trim());
    }
}

#[test]
fn no_file_is_too_long_and_no_two_have_the_same_name() {
    let mut names = HashMap::new();
    for (name, text) in files() {
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES, "src/{name} has {lines} lines");
        let last = name.rsplit('/').next().unwrap().to_owned();
        if last != "mod.rs" {
            let other = names.insert(last, name.clone());
            assert!(other.is_none(), "src/{name} has the name of src/{}", other.unwrap());
        }
    }
}

/// The name of the type or trait that is declared on this line.
fn declared_type(line: &str) -> Option<&str> {
    let is_qualifier = |word: &str| word == "pub" || word.starts_with("pub(") || word.ends_with(')');
    let mut words = line.split_whitespace().skip_while(|word| is_qualifier(word));
    let is_declaration = matches!(words.next(), Some("struct" | "enum" | "trait" | "union"));
    let name = words.next().filter(|_| is_declaration)?;
    name.split(|c: char| !c.is_alphanumeric()).next()
}

#[test]
fn no_two_types_have_the_same_name() {
    let mut names = HashMap::new();
    for (file, text) in files() {
        for name in code(&text).filter_map(declared_type) {
            let other = names.insert(name.to_owned(), file.clone());
            assert!(other.is_none(), "src/{file} and src/{} declare {name}", other.unwrap());
        }
    }
    assert!(names.len() > 300, "only {} types are found", names.len());
}

#[test]
fn the_declaration_of_a_type_is_found_in_its_line() {
    let lines =
        ["pub(in crate::a) struct A<'a> {", "    enum B {", "pub trait C: Send {", "struct D(u8);", "use a::E;"];
    assert_eq!(lines.map(declared_type), [Some("A"), Some("B"), Some("C"), Some("D"), None]);
}

/// The name and the number of lines of each function.
fn functions(text: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        // rustfmt indents the last line as the first one. A declaration without a body ends with a semicolon.
        let indentation = &line[..line.len() - line.trim_start().len()];
        let is_last = |line: &&str| {
            let rest = line.strip_prefix(indentation).unwrap_or_default();
            rest.starts_with('}') || rest.starts_with(')') && rest.ends_with(';')
        };
        let is_single = line.ends_with([';', '}']);
        let more = lines[start..].iter().position(is_last).unwrap_or_default();
        functions.push((name, if is_single { 1 } else { more + 1 }));
    }
    functions
}

/// The name of the function that begins on this line.
fn function_name(line: &str) -> Option<&str> {
    let (before, name) = line.split_once("fn ")?;
    let is_qualifier = |word: &str| matches!(word, "pub" | "const" | "async" | "unsafe") || word.starts_with("pub(");
    let is_function = before.is_empty() || before.ends_with(' ') && before.split_whitespace().all(is_qualifier);
    is_function.then(|| name.split(['(', '<']).next().unwrap_or_default())
}

#[test]
fn no_function_is_too_long() {
    let mut found = Vec::new();
    let mut unused = LONG_FUNCTIONS.to_vec();
    for (file, text) in &files() {
        for (name, length) in functions(text).into_iter().filter(|(_, length)| *length > MAX_FUNCTION_LINES) {
            let known = unused.iter().position(|exception| *exception == (file, name));
            match known {
                Some(exception) => drop(unused.remove(exception)),
                None => found.push(format!("src/{file}: {name} has {length} lines")),
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(unused.is_empty(), "these exceptions are not needed: {unused:?}");
}

#[test]
fn the_lines_of_a_function_are_counted_to_its_closing_brace() {
    let text = "impl A {\n    pub(crate) const fn a<T>(\n        &self,\n    ) {\n        if b {\n        }\n    }\n}\n\n\
                fn b() {}\n// A fn in a comment.\n    fn c(&self);\n    \
                fn d(\n        &self,\n    );\n";
    assert_eq!(functions(text), [("a", 6), ("b", 1), ("c", 1), ("d", 3)]);
}
