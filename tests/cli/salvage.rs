//! `--salvage`: what can be decoded of a damaged file, and the report of what is lost.

mod damages;
mod recovered;

use self::damages::{Damaged, damaged_files};
use self::recovered::recovered;
use crate::harness::{Sandbox, full, noise};

/// Lines in which every run of 32 bytes occurs once, so that content is found wherever it is.
fn lines(size: usize) -> Vec<u8> {
    let mut random = noise(size + 64, 9).into_iter();
    let mut text = String::new();
    while text.len() < size {
        let mut next = || random.next().unwrap_or(1);
        let (user, item) = ([next(), next(), next()], [next(), next(), next()]);
        text += &format!("{:07} user {user:02x?} GET {item:02x?}\n", text.len());
    }
    text.into_bytes()
}

/// A file with a gap of zeros in its middle, which is larger than a block, and its content.
fn with_zeros(t: &Sandbox, name: &str) -> Vec<u8> {
    let content = lines(900_000);
    let mut file = t.gzcc(["-c"]).stdin(&content).succeeds();
    let middle = file.len() / 2;
    file[middle..middle + 60_000].fill(0);
    t.write(name, file);
    content
}

#[test]
fn a_whole_file_is_salvaged_silently_and_completely() {
    let t = Sandbox::new();
    let content = lines(700_000);
    let file = t.gzcc(["-c"]).stdin(&content).succeeds();
    t.write("a.gz", [&file[..], &file, &[0; 512]].concat());
    let twice = content.repeat(2);
    for jobs in ["-j1", "-j2"] {
        assert!(t.gzcc(["--salvage", "-c", jobs, "a.gz"]).succeeds() == twice);
        assert!(t.shell(&format!("cat a.gz | gzcc --salvage {jobs} | cat")).succeeds() == twice);
    }
    assert_eq!(t.gzcc(["--salvage", "a.gz"]).says(0, &[]), "Salvaged 1 file\n");
    assert!(t.read("a") == twice && t.exists("a.gz"));
}

#[test]
fn a_damaged_file_is_salvaged_under_the_name_of_its_content_and_kept() {
    let t = Sandbox::new();
    let content = with_zeros(&t, "a.gz");
    let ran = t.gzcc(["--salvage", "a.gz"]).run();
    ran.assert(ran.status.code() == Some(2) && ran.stdout == b"Salvaged 1 file\n", "it warns");
    let text = ran.stderr();
    let report: Vec<&str> = text.lines().collect();
    ran.assert(report.len() == 2 && report[0].starts_with("gzcc: a.gz: input bytes "), "it names the bytes");
    ran.assert(report[1].starts_with("gzcc: a.gz: salvaged with 1 loss; 0 bytes verified by CRC, "), "it sums up");
    assert!(recovered(&content, &t.read("a")) > content.len() / 3);
    assert_eq!(t.names(), ["a", "a.gz"]);

    t.write("a", "mine");
    t.gzcc(["--salvage", "a.gz"]).says(2, &["gzcc: a.gz: a already exists; left alone (-f replaces it)"]);
    assert_eq!(t.read("a"), b"mine");
    let ran = t.gzcc(["--salvage", "-f", "a.gz"]).run();
    ran.assert(ran.status.code() == Some(2) && t.read("a").len() > 400_000, "-f replaces it");

    // Without the option there is no output.
    t.gzcc(["-dfq", "a.gz", "-O", "out"]).run().assert(!t.exists("out/a"), "there is no output");
}

#[test]
fn every_output_has_the_same_content_with_any_number_of_workers() {
    let t = Sandbox::new();
    with_zeros(&t, "a.gz");
    let first = t.gzcc(["--salvage", "-c", "-j1", "a.gz"]).run().stdout;
    assert!(first.len() > 400_000);
    for scheduler in ["--scheduler=threads", "--scheduler=rayon"] {
        assert!(t.gzcc(["--salvage", "-c", "-j3", scheduler, "a.gz"]).run().stdout == first);
    }
    t.gzcc(["--salvage", "-qq", "-o", "b", "a.gz"]).says(2, &[]);
    t.gzcc(["--salvage", "-qq", "-O", "out", "a.gz"]).says(2, &[]);
    assert!(t.read("b") == first && t.read("out/a") == first);
}

#[test]
fn unknown_bytes_are_the_fill_byte() {
    let t = Sandbox::new();
    with_zeros(&t, "a.gz");
    let filled = |fill: &[&str]| t.gzcc(["--salvage", "-qqc", "a.gz"].iter().chain(fill)).run().stdout;
    let (default, zero) = (filled(&[]), filled(&["--fill", "0x00"]));
    assert_eq!(default.len(), zero.len());
    let unknown = zero.iter().filter(|&&byte| byte == 0).count();
    assert!(unknown > 0 && default.iter().zip(&zero).filter(|(a, b)| a != b).all(|pair| pair == (&b'?', &0)));
    let dash = filled(&["--fill", "-"]);
    assert!(dash.iter().zip(&zero).all(|(&dash, &zero)| dash == if zero == 0 { b'-' } else { zero }));
}

#[test]
fn json_has_an_object_for_each_loss() {
    let t = Sandbox::new();
    let content = with_zeros(&t, "a.gz");
    let ran = t.gzcc(["--salvage", "--json", "a.gz"]).run();
    let objects: Vec<serde_json::Value> =
        String::from_utf8_lossy(&ran.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&str> = objects.iter().map(|object| object["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["loss", "file", "summary"]);
    let number = |name: &str| objects[0][name].as_u64().unwrap() as usize;
    assert!(number("input_start") < number("input_end") && number("unknown") > 0);
    let certain = number("output") - number("suspect");
    assert!(certain > 0 && t.read("a")[..certain] == content[..certain]);
    assert_eq!((&objects[1]["status"], &objects[2]["mode"]), (&"done".into(), &"salvage".into()));
    assert_eq!(objects[2]["exit_status"], 2);
}

#[test]
fn data_that_was_never_gzip_makes_no_output() {
    let t = Sandbox::new();
    t.write("empty.gz", "");
    t.write("text.gz", lines(100_000));
    t.write("noise.gz", noise(300_000, 4));
    t.write("zeros.gz", [0; 10_000]);
    let before = t.names();
    t.gzcc(["--salvage", "empty.gz"]).says(1, &["gzcc: empty.gz: unexpected end of file at byte 0"]);
    for name in ["text.gz", "noise.gz", "zeros.gz"] {
        for words in [&["--salvage"][..], &["--salvage", "-o", "out"], &["--salvage", "-c"]] {
            let ran = t.gzcc(words.iter().chain(&[name])).run();
            let is_refused = ran.stderr() == format!("gzcc: {name}: not in gzip format\n");
            ran.assert(ran.status.code() == Some(1) && is_refused && ran.stdout.len() < 50, "nothing is written");
        }
    }
    assert_eq!(t.names(), before);
}

#[test]
fn options_that_contradict_a_salvage_are_usage_errors() {
    let t = Sandbox::new();
    with_zeros(&t, "a.gz");
    for words in [
        &["--salvage", "--rm"][..],
        &["--salvage", "-t"],
        &["--salvage", "-l"],
        &["--salvage", "-N"],
        &["--salvage", "--index"],
        &["--salvage", "--recompress"],
        &["--salvage", "--format", "bgzf"],
        &["--salvage", "--benchmark"],
        &["--salvage", "--verify"],
        &["--salvage", "--update"],
        &["--salvage", "--only-smaller"],
        &["--salvage", "--fill", "ab"],
        &["-d", "--fill", "x"],
    ] {
        let ran = t.gzcc(words.iter().chain(&["a.gz"])).run();
        let is_usage = ran.status.code() == Some(1) && ran.stderr().lines().count() == 1;
        ran.assert(is_usage && ran.stdout.is_empty(), "it is a usage error");
    }
    assert_eq!(t.names(), ["a.gz"]);
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    let ran = t.command("./gzip", ["--salvage", "a.gz"]).run();
    ran.assert(ran.status.code() == Some(1) && t.names() == ["a.gz", "gzip"], "gzip has no such option");
}

#[test]
fn all_of_the_content_around_the_damage_is_recovered() {
    require!("gzip", "pigz", "bgzip");
    let t = Sandbox::new();
    let (mut original, mut salvaged) = (0, 0);
    for Damaged { name, content, file, at_least } in damaged_files(&t, if full() { 40 } else { 10 }) {
        let found = recovered(&content, &t.gzcc(["--salvage", "-qqc"]).stdin(&file).run().stdout);
        assert!(found >= at_least, "{name}: {found} of {}, at least {at_least}", content.len());
        (original, salvaged) = (original + content.len(), salvaged + found);
    }
    // Part of the content is behind the end of truncated files, or was overwritten.
    assert!(salvaged > original / 2, "{salvaged} of {original}");
}

#[test]
fn never_less_is_recovered_than_by_gzrecover() {
    if !full() {
        return;
    }
    require!("gzip", "pigz", "bgzip", "gzrecover");
    let t = Sandbox::new();
    let (mut original, mut ours, mut theirs) = (0, 0, 0);
    for Damaged { name, content, file, .. } in damaged_files(&t, 100) {
        let salvaged = recovered(&content, &t.gzcc(["--salvage", "-qqc"]).stdin(&file).run().stdout);
        let t = Sandbox::new();
        t.write("damaged.gz", &file);
        t.command("gzrecover", ["-o", "recovered", "damaged.gz"]).run();
        let other = if t.exists("recovered") { recovered(&content, &t.read("recovered")) } else { 0 };
        assert!(salvaged >= other, "{name}: {salvaged} of {}, gzrecover {other}", content.len());
        (original, ours, theirs) = (original + content.len(), ours + salvaged, theirs + other);
    }
    eprintln!("of {original} bytes, {ours} are recovered, and {theirs} by gzrecover");
    assert!(ours > theirs);
}
