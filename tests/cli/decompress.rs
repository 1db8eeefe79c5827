//! Decompression of valid files: outputs, their names and metadata, and the same bytes from every decoder.

mod listing;
mod restored;

use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::time::Duration;

use crate::damage::cases::{Fields, bgzf, member};
use crate::harness::{BLOCK, Sandbox, have, is_root, log, noise, spawn};
use crate::traced::intervene_after;

const SCHEDULERS: [&str; 2] = ["--scheduler=threads", "--scheduler=rayon"];

fn plain(content: &[u8]) -> Vec<u8> {
    member(content, &Fields::default())
}

#[test]
fn a_dangling_link_selects_the_gz_beside_it_as_in_gunzip() {
    let t = Sandbox::new();
    t.write("a.gz", plain(b"content"));
    symlink("nowhere", t.path("a")).unwrap();
    assert_eq!(t.gzcc(["-dc", "a"]).succeeds(), b"content");
    t.gzcc(["-q", "-t", "a"]).succeeds();
    // The dangling link occupies the output's name.
    t.gzcc(["-q", "-d", "a"]).says(2, &["gzcc: a.gz: a already exists; left alone (-f replaces it)"]);
    t.gzcc(["-q", "-d", "--rm", "a"]).says(2, &["gzcc: a: is a symbolic link; left alone"]);
    t.gzcc(["-q", "-df", "a"]).succeeds();
    assert_eq!(t.read("a"), b"content");
    symlink("nowhere", t.path("b")).unwrap();
    t.gzcc(["-t", "b"]).says(1, &["gzcc: b.gz: No such file or directory"]);
}

#[test]
fn every_suffix_is_replaced_in_the_output_name_and_originals_stay() {
    let t = Sandbox::new();
    let names = [
        ("a.gz", "a"),
        ("b.GZ", "b"),
        ("c.tgz", "c.tar"),
        ("d.taz", "d.tar"),
        ("e.bgz", "e"),
        ("f.z", "f"),
        ("g-gz", "g"),
        ("h_z", "h"),
        ("sub/i.gz.gz", "sub/i.gz"),
        ("j.x", "j"),
    ];
    for (name, _) in names {
        t.write(name, plain(name.as_bytes()));
    }
    let stdout = t.gzcc(["-d", "-S.x"].into_iter().chain(names.map(|(name, _)| name))).succeeds();
    assert_eq!(stdout, b"Decompressed 10 files\n");
    for (name, output) in names {
        assert_eq!(t.read(output), name.as_bytes());
        assert!(t.exists(name), "{name} is kept");
    }
    t.gzcc(["-d", "j.x"]).says(2, &["gzcc: j.x: unknown suffix; left alone (-c decompresses it)"]);
    assert_eq!(t.gzcc(["-dc", "j.x"]).succeeds(), b"j.x", "to a pipe a name does not matter");
}

#[test]
fn rm_removes_the_original_after_its_output_is_complete() {
    let t = Sandbox::new();
    t.write("a.gz", plain(b"a"));
    t.write("taken.gz", plain(b"new"));
    t.write("taken", "old");
    t.write("bad.gz", &plain(b"bad")[..20]);
    t.write("garbage.gz", [plain(b"all of it"), b"garbage".to_vec()].concat());
    let exists = "gzcc: taken.gz: taken already exists; left alone (-f replaces it)";
    let garbage = "gzcc: garbage.gz: trailing garbage ignored";
    let ran = t.gzcc(["-d", "--rm", "a.gz", "taken.gz", "bad.gz", "garbage.gz"]).run();
    ran.assert(ran.status.code() == Some(1), "one is bad");
    ran.assert(ran.stdout == b"Decompressed 2 files, 1 skipped, 1 failed\n", "the count includes the others");
    for line in [exists, garbage, "gzcc: bad.gz: "] {
        ran.assert(ran.stderr().contains(line), line);
    }
    assert_eq!(t.names(), ["a", "bad.gz", "garbage", "garbage.gz", "taken", "taken.gz"]);
    assert_eq!(t.read("taken"), b"old");
    assert_eq!(t.read("garbage"), b"all of it", "the warning costs nothing but the removal");
    t.gzcc(["-d", "taken.gz"]).says(2, &[exists]);
    t.gzcc(["-df", "--rm", "taken.gz"]).succeeds();
    assert!(t.read("taken") == b"new" && !t.exists("taken.gz"));
    t.gzcc(["-df", "garbage.gz"]).says(2, &[garbage]);
}

#[test]
fn the_output_has_the_originals_mode_times_and_owner() {
    require!("bash");
    let t = Sandbox::new();
    for options in [&[][..], &["--named-temporaries"]] {
        for mode in [0o600, 0o640, 0o644, 0o755] {
            t.write("a.gz", member(b"x", &Fields { mtime: 5, ..Fields::default() }));
            if is_root() {
                t.set_owner("a.gz", 12_345, 54_321);
            }
            t.set_mode("a.gz", mode);
            t.set_times("a.gz", Duration::new(1_600_000_000, 987_654_321));
            t.shell(&format!("umask 077; gzcc -df {} a.gz", options.join(" "))).succeeds();
            let (input, output) = (t.path("a.gz").metadata().unwrap(), t.path("a").metadata().unwrap());
            assert_eq!(output.mode() & 0o7777, mode, "{mode:o}");
            assert_eq!((output.mtime(), output.mtime_nsec()), (1_600_000_000, 987_654_321));
            assert_eq!((output.uid(), output.gid()), (input.uid(), input.gid()));
            std::fs::remove_file(t.path("a.gz")).unwrap();
        }
    }
}

#[test]
fn sizes_around_every_boundary_decompress_from_every_compressor() {
    require!("bash");
    let t = Sandbox::new();
    let edges = [32 << 10, 64 << 10, BLOCK, 2 * BLOCK, 4 * BLOCK];
    let sizes = edges.iter().flat_map(|edge| [edge - 1, *edge, edge + 1]).chain([0, 1]);
    let mut compressors = vec!["gzcc -c", "gzcc -1c", "gzcc -0c"];
    for (program, call) in [("gzip", "gzip -c"), ("pigz", "pigz -c"), ("bgzip", "bgzip -c")] {
        compressors.extend(have(program).then_some(call));
    }
    let mut expected = Vec::new();
    for size in sizes {
        // The second half is noise, so that chunks also end in stored blocks.
        let content = [log(size / 2), noise(size - size / 2, 3)].concat();
        t.write("in", &content);
        let made = compressors.iter().enumerate().map(|(i, compressor)| format!("{compressor} in > {size}-{i}.gz &"));
        t.shell(&format!("{}\nwait", made.collect::<Vec<_>>().join("\n"))).succeeds();
        expected.extend((0..compressors.len()).map(|i| (format!("{size}-{i}"), content.clone())));
    }
    std::fs::remove_file(t.path("in")).unwrap();
    let names = expected.iter().map(|(name, _)| format!("{name}.gz")).collect::<Vec<_>>();
    for scheduler in SCHEDULERS {
        for jobs in ["-j1", "-j2", "-j3", "-j4"] {
            let words = ["-d", "-Oout", scheduler, jobs].into_iter().chain(names.iter().map(String::as_str));
            let stdout = t.gzcc(words).succeeds();
            assert_eq!(String::from_utf8(stdout).unwrap(), format!("Decompressed {} files\n", expected.len()));
            for (name, content) in &expected {
                assert!(t.read(format!("out/{name}")) == *content, "{name} {scheduler} {jobs}");
            }
            std::fs::remove_dir_all(t.path("out")).unwrap();
        }
    }
}

#[test]
fn members_of_all_kinds_decompress_with_any_number_of_workers() {
    let t = Sandbox::new();
    let fields =
        Fields { extra: Some(b"XY\x01\0z"), name: Some(b"n"), comment: Some(b"c"), crc: true, mtime: 1_700_000_000 };
    let [small, large] = [log(5000), [log(BLOCK), noise(BLOCK, 2), vec![0; 3 * BLOCK]].concat()];
    let parts = [
        (plain(b""), vec![]),
        (member(&small, &fields), small.clone()),
        (bgzf(&large, 65_280), large.clone()),
        // More empty members than fit into one chunk.
        (plain(b"").repeat(3000), vec![]),
        (member(&large, &fields), large.clone()),
        (bgzf(b"", 1).repeat(3000), vec![]),
        (plain(b"1").repeat(3000), vec![b'1'; 3000]),
        (bgzf(&small, 10), small.clone()),
        (plain(&small), small.clone()),
    ];
    let (gz, content): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let (gz, content) = (t.write("a.gz", gz.concat()), content.concat());
    for scheduler in SCHEDULERS {
        for jobs in ["-j1", "-j2", "-j4", "-j8"] {
            t.gzcc(["-dkf", scheduler, jobs, "a.gz"]).succeeds();
            assert!(t.read("a") == content, "{scheduler} {jobs}, file");
            assert!(t.gzcc(["-d", scheduler, jobs]).stdin(&gz).succeeds() == content, "{scheduler} {jobs}, pipe");
            let twice = t.gzcc(["-dc", scheduler, jobs, "a.gz", "a.gz"]).succeeds();
            assert!(twice == content.repeat(2), "{scheduler} {jobs}, two inputs");
        }
    }
}

#[test]
fn a_slow_pipe_decompresses_to_the_same_bytes() {
    require!("bash");
    let t = Sandbox::new();
    let content = log(BLOCK + 777);
    t.write("a.gz", [plain(&content), bgzf(&content, 5000)].concat());
    for step in ["1", "17", "5000"] {
        let script = format!("dd bs={step} count=300 status=none; sleep 0.01; cat");
        let out = t.shell(&format!("{{ {script}; }} < a.gz | gzcc -d -j2")).succeeds();
        assert!(out == content.repeat(2), "{step} bytes at a time");
    }
}

#[test]
fn outputs_follow_the_output_options() {
    let t = Sandbox::new();
    for name in ["a.gz", "d/b.gz", "d/e/c.tgz", "d/.hidden.gz"] {
        t.write(name, plain(name.as_bytes()));
    }
    t.write("d/other", "not compressed");
    t.gzcc(["-d", "-o", "named", "a.gz"]).succeeds();
    assert_eq!(t.read("named"), b"a.gz");
    t.gzcc(["-d", "-o", "all", "a.gz", "d/b.gz"]).succeeds();
    assert_eq!(t.read("all"), b"a.gzd/b.gz");
    // A walk ignores files without a known suffix.
    t.gzcc(["-d", "-r", "-O", "out", "d"]).succeeds();
    let beneath = |directory: &str| t.names().into_iter().filter(|n| n.starts_with(directory)).collect::<Vec<_>>();
    assert_eq!(beneath("out/"), ["out/d", "out/d/.hidden", "out/d/b", "out/d/e", "out/d/e/c.tar"]);
    assert_eq!(t.read("out/d/e/c.tar"), b"d/e/c.tgz");
    t.gzcc(["-d", "-r", "--rm", "d"]).succeeds();
    assert_eq!(beneath("d/"), ["d/.hidden", "d/b", "d/e", "d/e/c.tar", "d/other"]);
}

#[test]
fn a_name_without_suffix_finds_the_compressed_file() {
    let t = Sandbox::new();
    t.write("d/foo.gz", plain(b"foo"));
    t.write("bar.z", plain(b"bar"));
    t.gzcc(["-d", "d/foo", "bar"]).succeeds();
    assert_eq!((t.read("d/foo"), t.read("bar")), (b"foo".to_vec(), b"bar".to_vec()));
    assert_eq!(t.gzcc(["-t", "d/foo.gz"]).succeeds(), b"Tested 1 file\n");
    t.gzcc(["-d", "missing"]).says(1, &["gzcc: missing.gz: No such file or directory"]);
    // An existing file is used under its exact name, even without a suffix.
    t.gzcc(["-d", "bar"]).says(2, &["gzcc: bar: unknown suffix; left alone (-c decompresses it)"]);
}

#[test]
fn two_inputs_for_one_output_are_an_error_even_with_force() {
    let t = Sandbox::new();
    t.write("x.gz", plain(b"first"));
    t.write("x-gz", plain(b"second"));
    for options in [&["-d"][..], &["-d", "-f"], &["-d", "-f", "-j4"], &["-d", "-f", "-Oout"]] {
        let ran = t.gzcc(options.iter().chain(&["x.gz", "x-gz"])).run();
        ran.assert(ran.status.code() == Some(1), "an error");
        let named = ran.stderr().starts_with("gzcc: x-gz: ") && ran.stderr().lines().count() == 1;
        ran.assert(named, "the second is named");
        assert_eq!(t.read(if options.contains(&"-Oout") { "out/x" } else { "x" }), b"first");
        let _ = std::fs::remove_file(t.path("x"));
    }
}

#[test]
fn trailing_zeros_are_padding() {
    let t = Sandbox::new();
    for size in [1, 2, 511, 300_000] {
        t.write("a.gz", [plain(b"content"), vec![0; size]].concat());
        t.gzcc(["-df", "--rm", "a.gz"]).succeeds();
        assert!(t.read("a") == b"content" && !t.exists("a.gz"), "{size} zeros");
    }
    t.write("a.gz", [plain(b"content"), vec![0; 300_000], b"x".to_vec()].concat());
    t.gzcc(["-t", "a.gz"]).says(2, &["gzcc: a.gz: trailing garbage ignored"]);
}

#[test]
fn other_data_passes_through_to_a_pipe_with_force() {
    require!("bash");
    let t = Sandbox::new();
    let long = t.write("long", [log(3 * BLOCK), noise(100, 1)].concat());
    t.write("a.gz", plain(b"packed"));
    for content in [&b""[..], b"\x1f", b"\x1f\x8c", b"x", b"plain text\n", &[0; 5]] {
        t.write("plain", content);
        let mixed = t.gzcc(["-dcf", "plain", "a.gz", "plain"]).succeeds();
        assert_eq!(mixed, [content, b"packed", content].concat());
        t.write("mixed", [&plain(b"packed")[..], content].concat());
        // Zeros are skipped: padding and content cannot be distinguished.
        if content != [0; 5] {
            assert_eq!(t.gzcc(["-dcf", "mixed"]).succeeds(), [b"packed", content].concat(), "{content:?}");
            assert_eq!(t.shell("gzcc -dcf < mixed").succeeds(), [b"packed", content].concat(), "{content:?}");
        }
    }
    assert!(t.gzcc(["-dcf", "-j4", "a.gz", "long", "a.gz"]).succeeds() == [b"packed", &long[..], b"packed"].concat());
    let ran = t.gzcc(["-dc", "a.gz", "long", "a.gz"]).run();
    ran.assert(ran.status.code() == Some(1), "unforced it is an error");
    ran.assert(ran.stderr() == "gzcc: long: not in gzip format\n" && ran.stdout == b"packedpacked", "of one file");
}

#[test]
fn a_closed_reader_ends_the_run_silently_by_sigpipe() {
    let t = Sandbox::new();
    let content = noise(8 * BLOCK, 1);
    t.write("one.gz", plain(&content));
    t.write("bgzf.gz", bgzf(&content, 65_280));
    for scheduler in SCHEDULERS {
        for name in ["one.gz", "bgzf.gz"] {
            let mut command = t.gzcc(["-dc", scheduler, "-j2", name, "one.gz"]).into_command();
            let mut child = spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
            std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut [0]).unwrap();
            let output = child.wait_with_output().unwrap();
            assert_eq!(output.status.signal(), Some(13), "{scheduler} {name}: {:?}", output.status);
            assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
}

#[test]
fn a_compressed_file_that_changes_while_it_is_read_is_not_reported_as_damaged() {
    require!("strace");
    let gz = plain(&noise(3 * BLOCK, 5));
    let length = gz.len() as u64;
    type Change = fn(&std::fs::File, u64);
    let changes: [(&str, Change); 2] = [
        ("cut short", |file, length| file.set_len(length / 3).unwrap()),
        ("overwritten", |file, length| std::os::unix::fs::FileExt::write_all_at(file, b"other", length - 10).unwrap()),
    ];
    for (what, change) in changes {
        for words in [&["-d", "a.gz"][..], &["-d", "--rm", "-j1", "a.gz"], &["-t", "a.gz"]] {
            let t = Sandbox::new();
            t.write("a.gz", &gz);
            // Between the first and the last read of the data. The very first read shows that the file is not BGZF.
            let ran = intervene_after(&t, ("a.gz", "pread64", 2), words, || {
                change(&std::fs::File::options().write(true).open(t.path("a.gz")).unwrap(), length);
            });
            ran.assert(ran.status.code() == Some(2), what);
            let message = "gzcc: a.gz: changed while it was read; no whole output made\n";
            ran.assert(ran.stderr() == message, what);
            assert_eq!(t.names(), ["a.gz"], "{what}");
        }
    }
}
