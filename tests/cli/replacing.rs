//! P2: a run never replaces a file that is also an input, whatever its name and the order of the arguments.

mod protected_streams;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use crate::damage::cases::{Fields, member};
use crate::harness::{Sandbox, gunzip, log, repetitions, spawn};
use crate::traced::wait_until;

const SCHEDULERS: [&str; 2] = ["--scheduler=threads", "--scheduler=rayon"];

/// Files for the names in the tests below, and other names of `a`.
fn sandbox() -> Sandbox {
    let t = Sandbox::new();
    t.write("a", "precious");
    t.write("b", log(5000));
    t.write("t/c", "in a directory");
    for name in ["b.gz", "x.gz"] {
        t.write(name, member(name.as_bytes(), &Fields::default()));
    }
    fs::hard_link(t.path("a"), t.path("hard")).unwrap();
    symlink("a", t.path("soft")).unwrap();
    fs::hard_link(t.path("a"), t.path("t/hard")).unwrap();
    t
}

/// Every file in the sandbox, with its content.
fn contents(t: &Sandbox) -> Vec<(String, Vec<u8>)> {
    let names = t.names().into_iter().filter(|name| t.path(name).is_file());
    names.map(|name| (name.clone(), t.read(&name))).collect()
}

#[test]
fn an_output_of_several_inputs_never_replaces_an_input_in_any_order() {
    require!("bash");
    let refused = |input: &str| format!("gzcc: {input}: is the output as well");
    let not_made = |output: &str| format!("gzcc: {output}: not made, as it is an input as well");
    let not_written = |input: &str| format!("gzcc: {input}: not written, as the output ended before it");
    for scheduler in SCHEDULERS {
        for (words, lines) in [
            ("-o a b a", vec![refused("a"), not_made("a")]),
            ("-o a b ./a b", vec![refused("./a"), not_made("a"), not_written("b")]),
            ("-o a a b", vec![refused("a"), not_written("b")]),
            ("-o a b hard", vec![refused("hard"), not_made("a")]),
            ("-o a b soft", vec![refused("soft"), not_made("a")]),
            ("-o hard b a", vec![refused("a"), not_made("hard")]),
            ("-o soft b a", vec![refused("a"), not_made("soft")]),
            ("-o soft b soft", vec![refused("soft"), not_made("soft")]),
            ("-o soft a", vec![refused("a")]),
            ("-o hard a", vec!["gzcc: a: hard is the same file".to_owned()]),
            ("-d -o x.gz b.gz x.gz", vec![refused("x.gz"), not_made("x.gz")]),
            ("-o a -r b t", vec![refused("t/hard"), not_made("a")]),
            ("-o t/c -r b t", vec![refused("t/c"), not_made("t/c"), not_written("t/hard")]),
            ("-o a --files-from list b", vec![refused("a"), not_made("a")]),
            ("-o list --files-from list b", vec!["gzcc: b: list is the list of names".to_owned()]),
        ] {
            let t = sandbox();
            t.write("list", "b\na\n");
            let before = contents(&t);
            let ran = t.shell(&format!("gzcc {scheduler} -f {words}")).run();
            ran.assert(ran.status.code() == Some(1), "it is an error");
            let mut said: Vec<String> = ran.stderr().lines().map(str::to_owned).collect();
            let mut lines = lines;
            said.sort();
            lines.sort();
            // The list has a message of its own, as none of its names is read.
            said.retain(|line| line != "gzcc: list: list is the list of names");
            ran.assert(said == lines, &format!("it says {lines:#?}"));
            assert!(contents(&t) == before, "gzcc {words}: every file is as it was");
        }
        let t = sandbox();
        let before = contents(&t);
        t.gzcc([scheduler, "-f", "-o", "a", "--files-from", "-"])
            .stdin("b\na\n")
            .says(1, &[&refused("a"), &not_made("a")]);
        assert!(contents(&t) == before);
    }
}

/// A case in which the first of two inputs is the output of the second. With `-f`, gzcc must refuse to replace it.
struct Clash {
    words: &'static str,
    inputs: [&'static str; 2],
    output: &'static str,
}

/// The files are `a`, `a.gz`, `a.gz.gz`, the links `soft` and `hard` to `a.gz`, and `d` with the first three.
const CLASHES: [Clash; 7] = [
    Clash { words: "-r --all", inputs: ["a.gz", "a"], output: "a.gz" },
    Clash { words: "-d", inputs: ["a.gz", "a.gz.gz"], output: "a.gz" },
    Clash { words: "", inputs: ["soft", "a"], output: "a.gz" },
    Clash { words: "", inputs: ["hard", "a"], output: "a.gz" },
    Clash { words: "-r --all --rm", inputs: ["d/../a.gz", "a"], output: "a.gz" },
    Clash { words: "-d -O .", inputs: ["d/a.gz", "d/a.gz.gz"], output: "./d/a.gz" },
    Clash { words: "-r --all -O d", inputs: ["d/a.gz", "a"], output: "d/a.gz" },
];

fn clashing() -> Sandbox {
    let t = Sandbox::new();
    for directory in ["", "d/"] {
        let old = t.write(format!("{directory}a.gz"), member(b"old", &Fields::default()));
        t.write(format!("{directory}a.gz.gz"), member(&old, &Fields { comment: Some(b"outer"), ..Fields::default() }));
        t.write(format!("{directory}a"), "new");
    }
    symlink("a.gz", t.path("soft")).unwrap();
    fs::hard_link(t.path("a.gz"), t.path("hard")).unwrap();
    t
}

/// Whether a file holds `content`, plain or compressed.
fn holds(t: &Sandbox, content: &[u8]) -> bool {
    contents(t).iter().any(|(name, found)| {
        found == content || name.ends_with(".gz") && found.starts_with(b"\x1f\x8b") && gunzip(found) == content
    })
}

#[test]
fn an_output_never_replaces_another_input_in_any_order() {
    require!("bash", "gzip");
    for Clash { words, inputs, output } in CLASHES {
        for order in [inputs, [inputs[1], inputs[0]]] {
            for jobs in ["-j1", "-j4"] {
                for given in ["", "--files-from list", "--files-from - < list"] {
                    let t = clashing();
                    let named = if given.is_empty() { order.join(" ") } else { String::new() };
                    t.write("list", order.join("\n"));
                    let (first, second) = (t.read(inputs[0]), t.read(inputs[1]));
                    let ran = t.shell(&format!("gzcc -f {jobs} {words} {named} {given}")).run();
                    let case = format!("{words} {order:?} {given}");
                    // With --rm, the first input may be compressed and removed before the second needs its name.
                    assert!(holds(&t, &first) && holds(&t, &second), "{case}: nothing is lost");
                    if !words.contains("--rm") {
                        ran.assert(ran.status.code() == Some(1), &case);
                        let said = format!("gzcc: {}: {output} is an input as well\n", inputs[1]);
                        ran.assert(ran.stderr() == said, &format!("{case}: {said}"));
                        assert!(t.read(inputs[0]) == first && t.read(inputs[1]) == second, "{case}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_existing_output_is_not_replaced_while_a_list_may_still_name_it() {
    require!("bash", "gzip");
    for Clash { words, inputs, output } in [&CLASHES[0], &CLASHES[1]] {
        let t = clashing();
        let before = t.read("a.gz");
        // The shell creates it after it started, and the test reads it at once.
        t.write("err", "");
        let mut command = t.shell(&format!("gzcc -f -v {words} --files-from - 2> err")).into_command();
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()));
        let mut list = child.stdin.take().unwrap();
        let said = format!("gzcc: {}: {output} exists, and the list may yet name it\n", inputs[1]);
        std::io::Write::write_all(&mut list, format!("{}\n", inputs[1]).as_bytes()).unwrap();
        wait_until(|| fs::read_to_string(t.path("err")).is_ok_and(|err| err.contains(&said)));
        std::io::Write::write_all(&mut list, format!("{}\n", inputs[0]).as_bytes()).unwrap();
        drop(list);
        assert_eq!(child.wait().unwrap().code(), Some(1));
        assert!(t.read("a.gz") == before && holds(&t, b"new"));
    }
}

#[test]
fn a_link_that_a_pipe_gives_after_its_target_was_replaced_is_refused() {
    require!("bash", "gzip");
    // The link is given after the output has its name: "a" is done when the link is sent.
    for (words, given) in [("-f", "--files-from -"), ("--update", "--files-from <(cat)"), ("-f -j1", "--files0-from -")]
    {
        let t = Sandbox::new();
        let a = t.write("t/a", "new and longer");
        t.write("t/a.gz", member(b"old", &Fields::default()));
        symlink("t/a.gz", t.path("b")).unwrap();
        let mut command = t.shell(&format!("gzcc -v {words} {given} 2> err")).into_command();
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::null()));
        let mut list = child.stdin.take().unwrap();
        let end = if words == "-f -j1" { "\0" } else { "\n" };
        std::io::Write::write_all(&mut list, format!("t/a{end}").as_bytes()).unwrap();
        wait_until(|| gunzip_or_empty(&t.read("t/a.gz")) == a);
        // A name that is skipped for its suffix is skipped also if it is an output of this run.
        std::io::Write::write_all(&mut list, format!("t/a.gz{end}b{end}").as_bytes()).unwrap();
        drop(list);
        let code = child.wait().unwrap().code();
        let said = String::from_utf8(t.read("err")).unwrap();
        assert!(code == Some(1) && said.contains("gzcc: b: is the output of another input\n"), "{code:?} {said}");
        assert!(said.contains("gzcc: t/a.gz: already has the suffix; left alone\n"), "{said}");
        assert!(!t.exists("b.gz"));
    }
}

/// What `packed` contains; nothing if it is too short for a gzip file.
fn gunzip_or_empty(packed: &[u8]) -> Vec<u8> {
    if packed.len() < 18 { Vec::new() } else { gunzip(packed) }
}

#[test]
fn a_list_on_standard_input_is_an_input_as_well() {
    require!("bash", "gzip");
    for (command, output, said) in [
        ("gzcc -f -o list --files-from - < list", "list", "list is the list of names"),
        ("gzcc -f -o hard --files-from - < list", "hard", "hard is the list of names"),
        ("gzcc -c --files-from list >> list", "list", "standard output is the list of names"),
        ("gzcc -c --files-from - < list >> list", "list", "standard output is the list of names"),
        ("gzcc -f --files-from - < b.gz", "b.gz", "gzcc: b: b.gz is an input as well"),
        ("gzcc -f --rm --files-from - < b.gz", "b.gz", "gzcc: b: b.gz is an input as well"),
        ("gzcc -f --rm --files-from b.gz", "b.gz", "gzcc: b: b.gz is an input as well"),
        ("gzcc -f -O o --files-from - < o/a.gz", "o/a.gz", "gzcc: a: o/a.gz is an input as well"),
    ] {
        let t = Sandbox::new();
        for name in ["a", "b"] {
            t.write(name, log(100));
        }
        for name in ["list", "b.gz", "o/a.gz"] {
            t.write(name, "a\nb\n");
        }
        fs::hard_link(t.path("list"), t.path("hard")).unwrap();
        let ran = t.shell(command).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr().contains(said), said);
        assert!(t.read(output) == b"a\nb\n", "{command}: the list is as it was");
    }
}

#[test]
fn a_link_to_an_output_of_the_run_is_refused() {
    for words in [&["t/c", "link"][..], &["-O", "o", "t/c", "tree"]] {
        let t = sandbox();
        symlink("t/c.gz", t.path("link")).unwrap();
        symlink("o/t/c.gz", t.path("tree")).unwrap();
        let link = words[words.len() - 1];
        let said = format!("gzcc: {link}: is the output of another input");
        t.gzcc([&["-j1"], words].concat()).says(1, &[&said]);
        assert!(!t.exists(format!("{link}.gz")) && !t.exists(format!("o/{link}.gz")));
    }
}

#[test]
fn a_walk_that_reads_a_file_and_its_old_output_loses_neither() {
    require!("gzip");
    for scheduler in SCHEDULERS {
        for jobs in ["-j1", "-j2", "-j8"] {
            for round in 0..repetitions(4, 20) {
                let t = Sandbox::new();
                let (new, old) = (log(2000 + round), member(b"old and unrelated", &Fields::default()));
                for i in 0..5 {
                    // In both orders of creation, as a walk follows the order of the directory.
                    let mut files = [(format!("t/{i}"), &new), (format!("t/{i}.gz"), &old)];
                    files.rotate_left((i + round) % 2);
                    files.into_iter().for_each(|(name, content)| drop(t.write(name, content)));
                }
                let ran = t.gzcc(["-r", "-f", "--rm", "--all", "--no-sync", scheduler, jobs, "t"]).run();
                for i in 0..5 {
                    let (plain, output) = (format!("t/{i}"), format!("t/{i}.gz"));
                    t.assert_holds(format!("t/{i}.gz.gz"), &old);
                    // Either the old file was removed before its name was needed, or it was not replaced.
                    match t.exists(&plain) {
                        true => {
                            assert!(t.read(&plain) == new && !t.exists(&output));
                            let said = format!("gzcc: {plain}: {output} is an input as well\n");
                            ran.assert(ran.status.code() == Some(1) && ran.stderr().contains(&said), &said);
                        }
                        false => t.assert_holds(&output, &new),
                    }
                }
            }
        }
    }
}

#[test]
fn a_walk_replaces_old_outputs_that_it_does_not_read() {
    require!("gzip");
    for words in [&["-rf", "t"][..], &["-rf", "--all", "--exclude=*.gz", "t"], &["-rf", "--all", "-O", "out", "t"]] {
        let t = Sandbox::new();
        let a = t.write("t/a", log(1000));
        let output = if words.contains(&"-O") { "out/t/a.gz" } else { "t/a.gz" };
        t.write(output, "stale");
        t.gzcc(words).succeeds();
        t.assert_holds(output, &a);
    }
    // An output directory inside the walked tree, and a named file inside it.
    for words in [&["-rf", "--all", "-O", "t", "u", "t"][..], &["-rf", "--all", "t/u/a", "t"]] {
        let t = Sandbox::new();
        t.write("u/a", "new");
        t.write("t/u/a", "other");
        let stale = t.write("t/u/a.gz", "old");
        let ran = t.gzcc([words, &["-j1"]].concat()).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr().contains("t/u/a.gz is an input as well\n"), "refused");
        assert!(t.read("t/u/a.gz") == stale && t.read("t/u/a") == b"other" && t.read("u/a") == b"new");
    }
}

#[test]
fn a_file_skipped_because_of_its_suffix_is_replaced() {
    require!("gzip");
    let t = Sandbox::new();
    let a = t.write("a", log(1000));
    t.write("a.gz", "old");
    t.gzcc(["-f", "-j1", "a.gz", "a"]).says(2, &["gzcc: a.gz: already has the suffix; left alone"]);
    t.assert_holds("a.gz", &a);
    t.write("a", "to be replaced");
    t.gzcc(["-d", "-f", "-j1", "a", "a.gz"]).says(2, &["gzcc: a: unknown suffix; left alone (-c decompresses it)"]);
    assert!(t.read("a") == a);
}

#[test]
fn under_gzips_name_f_reads_a_file_with_the_suffix_and_so_does_not_replace_it() {
    require!("gzip");
    let t = Sandbox::new();
    symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    let gzip = t.path("gzip");
    for order in [["a", "a.gz"], ["a.gz", "a"]] {
        let a = t.write("a", log(1000));
        let old = t.write("a.gz", member(b"old", &Fields::default()));
        let ran = t.command(gzip.to_str().unwrap(), ["-fk"].into_iter().chain(order)).run();
        ran.assert(ran.status.code() == Some(1) && ran.stderr() == "gzip: a: a.gz is an input as well\n", "refused");
        assert!(t.read("a") == a && t.read("a.gz") == old);
        t.assert_holds("a.gz.gz", &old);
        fs::remove_file(t.path("a.gz.gz")).unwrap();
    }
}

#[test]
fn standard_input_and_the_list_of_names_are_not_replaced() {
    require!("bash", "gzip");
    let t = Sandbox::new();
    t.write("a", "new");
    let old = t.write("a.gz", member(b"old", &Fields::default()));
    t.shell("gzcc -f a - < a.gz > out").says(1, &["gzcc: a: a.gz is an input as well"]);
    assert!(t.read("a.gz") == old && gunzip(&t.read("out")) == old);
    let list = t.write("a.gz", "a\n");
    t.gzcc(["-f", "--files-from", "a.gz"]).says(1, &["gzcc: a: a.gz is an input as well"]);
    assert!(t.read("a.gz") == list);
}
