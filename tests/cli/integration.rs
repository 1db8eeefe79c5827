//! Programs that call a compressor: tar, find, logrotate, git and pagers.

mod as_gzip;

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::harness::{BLOCK, Call, Sandbox, log, noise};

/// A bash script that stops at the first failure. gzcc is in the PATH, and the environment is empty otherwise.
/// With `PATH=$AS_GZIP:$PATH`, gzcc is also gzip, gunzip and zcat.
fn script(t: &Sandbox, text: &str) -> Call {
    for (directory, names) in [(".bin", &["gzcc"][..]), (".as-gzip", &["gzip", "gunzip", "zcat"])] {
        if !t.exists(directory) {
            std::fs::create_dir(t.path(directory)).unwrap();
            for name in names {
                symlink(env!("CARGO_BIN_EXE_gzcc"), t.path(directory).join(name)).unwrap();
            }
        }
    }
    let set = |name: &str, value: &Path| format!("{name}={}", value.display());
    let path = format!("{}:{}", t.path(".bin").display(), std::env::var("PATH").unwrap());
    let mut words = vec!["-i".to_owned(), set("PATH", path.as_ref()), set("AS_GZIP", &t.path(".as-gzip"))];
    words.extend([
        set("HOME", &t.path("")),
        set("TMPDIR", &t.path("")),
        "LC_ALL=C".to_owned(),
        "TERM=xterm".to_owned(),
    ]);
    words.extend(["bash", "-euo", "pipefail", "-c"].map(str::to_owned));
    words.push(format!("umask 022\n{text}"));
    t.command("env", words)
}

/// Makes a directory `tree` of 5 MB with every kind of entry that an archive can hold, and archives it as `plain.tar`.
fn tree(t: &Sandbox) {
    t.write("tree/log", log(6 * BLOCK + 1000));
    t.write("tree/some directory/deeper/noise", noise(3 * BLOCK, 4));
    t.write("tree/empty", "");
    t.write("tree/-dash", "1");
    symlink("log", t.path("tree/link")).unwrap();
    std::fs::set_permissions(t.path("tree/-dash"), std::fs::Permissions::from_mode(0o750)).unwrap();
    script(t, "tar -cf plain.tar tree").succeeds();
}

#[test]
fn gnu_tar_compresses_and_decompresses_with_gzcc() {
    require!("bash", "diff", "gzip", "tar");
    let t = Sandbox::new();
    tree(&t);
    for program in ["gzcc", "gzcc -9", "gzcc -j3 -1"] {
        let test = format!(
            "tar -I '{program}' -cf a.tar.gz tree
             tar -I '{program}' --compare -f a.tar.gz
             mkdir out; tar -I '{program}' -xf a.tar.gz -C out; diff -r --no-dereference tree out/tree; rm -r out
             mkdir out; tar -xzf a.tar.gz -C out; diff -r --no-dereference tree out/tree; rm -r out
             tar -I '{program}' -tf a.tar.gz"
        );
        assert_eq!(String::from_utf8_lossy(&script(&t, &test).succeeds()).lines().count(), 8, "{program}: names");
        t.assert_holds("a.tar.gz", &t.read("plain.tar"));
    }
}

#[test]
fn gnu_tar_gets_no_message_if_it_stops_early_and_an_error_if_the_archive_is_truncated() {
    require!("bash", "tar");
    let t = Sandbox::new();
    tree(&t);
    // More names than fit into a pipe, so that tar is still writing when its reader exits.
    script(&t, "printf 'tree/empty\\n%.0s' {1..30000} | tar -I gzcc -cf many.tar.gz -T -").succeeds();
    let listed = script(&t, "tar -I gzcc -tf many.tar.gz | head -n 1 || echo ${PIPESTATUS[*]}").succeeds();
    assert_eq!(String::from_utf8_lossy(&listed), "tree/empty\n141 0\n");
    // tar closes the pipe after the first occurrence.
    script(&t, "rm tree/empty; tar -I gzcc --occurrence=1 -xf many.tar.gz tree/empty; test -e tree/empty").succeeds();

    script(&t, "tar -I gzcc -cf a.tar.gz tree; head -c 700000 a.tar.gz > half.tar.gz; mkdir out").succeeds();
    let ran = script(&t, "tar -I gzcc -xf half.tar.gz -C out").run();
    ran.assert(ran.status.code() == Some(2), "tar fails");
    let said = "gzcc: standard input: unexpected end of file";
    ran.assert(ran.stderr().matches("gzcc: ").count() == 1 && ran.stderr().contains(said), "one line of gzcc's");
}

#[test]
fn gnu_tar_z_uses_gzcc_as_gzip() {
    require!("bash", "diff", "tar");
    let t = Sandbox::new();
    tree(&t);
    let test = "PATH=$AS_GZIP:$PATH
                tar -czf a.tar.gz tree
                tar -zdf a.tar.gz
                mkdir out; tar -xzf a.tar.gz -C out; diff -r --no-dereference tree out/tree
                mkdir by; tar -xf a.tar.gz -C by; diff -r --no-dereference tree by/tree";
    script(&t, test).succeeds();
    t.assert_holds("a.tar.gz", &t.read("plain.tar"));
}

#[test]
fn bsdtar_compresses_and_decompresses_with_gzcc() {
    require!("bash", "bsdtar", "cmp", "diff", "tar");
    let t = Sandbox::new();
    tree(&t);
    // Unlike GNU tar, bsdtar does not add the -d.
    let test = "bsdtar --use-compress-program gzcc -cf a.tar.gz tree
                mkdir out; bsdtar --use-compress-program 'gzcc -d' -xf a.tar.gz -C out
                mkdir by; bsdtar -xf a.tar.gz -C by
                for read in out by; do diff -r --no-dereference tree $read/tree; done
                bsdtar -cf b.tar tree; gzcc -dc a.tar.gz | cmp - b.tar";
    script(&t, test).succeeds();
}

/// Names that break careless scripts.
const NAMES: [&str; 9] = ["plain", "with space", "new\nline", "-dash", "--rm", "'", "\"$HOME\"", "*", " -f "];

/// Covers the ways in which find and xargs pass names, run in the directory `names`.
#[test]
fn find_and_xargs_pass_any_name_to_gzcc() {
    require!("bash", "find", "xargs");
    let calls = [
        "find . -type f -name '*.log' -exec gzcc {} +",
        "find . -type f -name '*.log' -exec gzcc {} ';'",
        "find . -type f -name '*.log' -print0 | xargs -0 -P2 -n3 gzcc",
        "find . -type f -name '*.log' -printf '%P\\0' | xargs -0 -P2 -n3 gzcc -q --",
    ];
    for call in calls {
        let t = Sandbox::new();
        let mut written = Vec::new();
        for (i, directory) in ["", "deeper/", "-directory/"].into_iter().enumerate() {
            for (j, name) in NAMES.into_iter().enumerate() {
                let name = format!("names/{directory}{name}.log");
                let content = t.write(&name, log(1000 * i + 100 * j + 1));
                written.push((name, content));
            }
        }
        script(&t, &format!("cd names; {call}")).succeeds();
        for (name, content) in &written {
            assert!(t.exists(name), "{call}: {name:?} is gone");
            t.assert_holds(format!("{name}.gz"), content);
        }
        // Decompress with the same call.
        let back = call.replace("*.log", "*.gz").replace("gzcc", "gzcc -d");
        script(&t, &format!("cd names; find . -name '*.log' -delete; {back}")).succeeds();
        for (name, content) in &written {
            assert!(t.read(name) == *content, "{back}: {name:?}");
        }
    }
}

/// Writes a logrotate configuration for `logs/app.log`, and returns the command that applies it.
fn logrotate(t: &Sandbox, lines: &str) -> String {
    let (log, gzcc, gunzip) = (t.path("logs/app.log"), t.path(".bin/gzcc"), t.path(".as-gzip/gunzip"));
    let config = format!(
        "{} {{\n rotate 3\n missingok\n compress\n compresscmd {}\n uncompresscmd {}\n compressext .gz\n{lines}\n}}\n",
        log.display(),
        gzcc.display(),
        gunzip.display()
    );
    t.write("logrotate.conf", config);
    // logrotate rejects a configuration that other users can write.
    std::fs::set_permissions(t.path("logrotate.conf"), std::fs::Permissions::from_mode(0o600)).unwrap();
    "logrotate -f -s state logrotate.conf".to_owned()
}

#[test]
fn logrotate_compresses_with_gzcc() {
    require!("bash", "logrotate");
    for options in
        ["", " compressoptions -9", " delaycompress", " delaycompress\n compressoptions -1 -N\n copytruncate"]
    {
        let t = Sandbox::new();
        let rotate = logrotate(&t, options);
        let logs: Vec<Vec<u8>> = (1..=3).map(|i| log(2 * BLOCK * i)).collect();
        for content in &logs {
            t.write("logs/app.log", content);
            std::fs::set_permissions(t.path("logs/app.log"), std::fs::Permissions::from_mode(0o640)).unwrap();
            assert!(script(&t, &rotate).succeeds().is_empty());
        }
        for (i, content) in (1..=3).zip(logs.iter().rev()) {
            let name = format!("logs/app.log.{i}");
            if i == 1 && options.contains("delaycompress") {
                assert!(t.read(&name) == *content && !t.exists(format!("{name}.gz")), "{options}: {i} is not due");
                continue;
            }
            assert!(!t.exists(&name), "{options}: {name} is still there");
            t.assert_holds(format!("{name}.gz"), content);
            let mode = t.path(format!("{name}.gz")).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o640, "{options}: {name}.gz");
        }
    }
}

#[test]
fn logrotate_mails_decompressed_content() {
    require!("bash", "logrotate");
    let t = Sandbox::new();
    let rotate = logrotate(&t, " rotate 1\n mail somebody");
    // logrotate passes no option to the decompressor, so it needs the name gunzip. Bash writes the mailer: a child that
    // another test forks could inherit this process's write descriptor, and exec would fail with ETXTBSY.
    let mailer = "printf '#!/bin/sh\\ncat > %s/mailed\\n' \"$PWD\" > mailer; chmod +x mailer\n";
    let first = t.write("logs/app.log", log(3 * BLOCK));
    script(&t, &format!("{mailer}{rotate} -m $PWD/mailer")).succeeds();
    assert!(!t.exists("mailed"), "it is not old enough");
    let second = t.write("logs/app.log", log(2 * BLOCK));
    script(&t, &format!("{rotate} -m $PWD/mailer")).succeeds();
    assert!(t.read("mailed") == first, "the mail holds something else");
    t.assert_holds("logs/app.log.1.gz", &second);
}

#[test]
fn git_archive_compresses_with_gzcc() {
    require!("bash", "cmp", "git");
    let t = Sandbox::new();
    t.write("repo/log", log(4 * BLOCK));
    t.write("repo/directory/noise", noise(2 * BLOCK, 3));
    let test = "cd repo; export GIT_CONFIG_NOSYSTEM=1
                git init -q; git add .; git -c user.name=a -c user.email=a@b commit -q -m a
                git config tar.tar.gz.command 'gzcc -cn'
                git archive --format=tar.gz HEAD > ../a.tar.gz
                git archive -o ../b.tar.gz HEAD; cmp ../a.tar.gz ../b.tar.gz
                git archive --format=tar HEAD > ../plain.tar";
    script(&t, test).succeeds();
    t.assert_holds("a.tar.gz", &t.read("plain.tar"));
}

#[test]
fn sort_and_split_compress_their_parts_with_gzcc() {
    require!("bash", "cmp");
    let t = Sandbox::new();
    t.write("text", log(6 * BLOCK));
    let test = "sort -S 400k -T . --compress-program=gzcc text > sorted; sort text | cmp - sorted
                split -b 1000000 --filter='gzcc > $FILE.gz' text part.; gzcc -dc part.*.gz | cmp - text";
    script(&t, test).succeeds();
    assert_eq!(t.names().iter().filter(|name| name.starts_with("part.")).count(), 4);
}

#[test]
fn sigpipe_ends_decompression_silently_when_the_reader_exits() {
    require!("bash", "gzip");
    let t = Sandbox::new();
    // More than a pipe holds, so that gzcc writes after its reader has ended.
    let text = t.write("big", log(8 * BLOCK));
    script(&t, "gzcc -q big; gzcc -c big big > two.gz; gzip -ck big > other.gz").succeeds();
    let line = String::from_utf8_lossy(text.split(|byte| *byte == b'\n').next().unwrap()).into_owned();
    for call in
        ["gzcc -dc big.gz", "gzcc -dc big.gz big.gz", "gzcc -d < two.gz", "gzcc -dc other.gz", "gzcc -d -j1 < big.gz"]
    {
        for scheduler in ["threads", "rayon"] {
            let call = call.replace("gzcc", &format!("gzcc --scheduler {scheduler}"));
            let seen = script(&t, &format!("{call} | head -n 1 || echo ${{PIPESTATUS[*]}}")).succeeds();
            assert_eq!(String::from_utf8_lossy(&seen), format!("{line}\n141 0\n"), "{call}");
        }
    }
}

#[test]
fn a_pipeline_round_trips_100_megabytes() {
    require!("bash", "cmp");
    let test = "hundred() { yes 2> /dev/null | head -c 100M || true; }
                hundred | gzcc | gzcc -d | cmp - <(hundred)";
    script(&Sandbox::new(), test).succeeds();
}

/// `script` (from bsdutils) provides the terminal that less needs. `+q` makes less quit after the first screen.
#[test]
fn sigpipe_ends_decompression_silently_when_less_quits() {
    require!("bash", "grep", "less", "script");
    let t = Sandbox::new();
    t.write("big", log(30 * BLOCK));
    script(&t, "gzcc -q big; head -n 3 big | gzcc > small.gz").succeeds();
    let test = "in_terminal() { script -qec \"bash -c '$1'\" screen > /dev/null; cat errors; }
                in_terminal 'gzcc -dc big.gz 2> errors | less +q; echo ${PIPESTATUS[*]} > statuses'; cat statuses
                in_terminal 'gzcc -dc small.gz 2> errors | less -F -X; echo ${PIPESTATUS[*]} > statuses'; cat statuses
                grep -c host screen";
    let seen = script(&t, test).succeeds();
    assert_eq!(String::from_utf8_lossy(&seen), "141 0\n0 0\n3\n");
}
