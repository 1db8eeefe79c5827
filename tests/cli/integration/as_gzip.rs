//! Programs that call gzip by its name, or read its files, with gzcc as that gzip.

use std::fs;
use std::os::unix::fs::symlink;

use super::script;
use crate::harness::{BLOCK, Sandbox, full, log, skip};

/// A bash script in which gzcc is gzip, gunzip and zcat. It must succeed silently.
#[track_caller]
fn succeeds_as_gzip(t: &Sandbox, text: &str) -> String {
    let output = script(t, &format!("PATH=$AS_GZIP:$PATH\n{text}")).succeeds();
    String::from_utf8_lossy(&output).into_owned()
}

#[test]
fn dpkg_deb_reads_packages_that_gzcc_compressed() {
    require!("ar", "bash", "diff", "dpkg-deb", "tar");
    let t = Sandbox::new();
    t.write("p/usr/share/p/log", log(BLOCK + 1000));
    t.write("p/DEBIAN/control", "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: c\n");
    // dpkg-deb compresses with zlib itself: it builds and unpacks a package although the gzip in the PATH fails.
    let test = "umask 022; chmod -R go-w p
        mkdir fails; printf '#!/bin/sh\\nexit 9\\n' > fails/gzip; chmod 755 fails/gzip
        PATH=$PWD/fails:$PATH dpkg-deb -Zgzip --root-owner-group -b p p.deb > built
        PATH=$PWD/fails:$PATH dpkg-deb -x p.deb direct; diff -r p/usr direct/usr
        ar x p.deb
        for archive in control data; do
            gzip -t $archive.tar.gz
            gunzip $archive.tar.gz; gzip -9n $archive.tar
        done
        ar rc q.deb debian-binary control.tar.gz data.tar.gz
        dpkg-deb -x q.deb out; diff -r p/usr out/usr
        dpkg-deb -f q.deb Package Version";
    assert_eq!(succeeds_as_gzip(&t, test), "Package: p\nVersion: 1\n");
}

#[test]
fn dpkg_source_compresses_and_unpacks_with_gzcc() {
    require!("bash", "cmp", "diff", "dpkg-source", "gzip");
    let t = Sandbox::new();
    t.write("s-1/debian/source/format", "3.0 (native)\n");
    let date = "Thu, 01 Jan 2015 00:00:00 +0000";
    t.write("s-1/debian/changelog", format!("s (1) unstable; urgency=low\n\n  * New.\n\n -- a <a@b>  {date}\n"));
    let package = "Package: s\nArchitecture: all\nDescription: c\n";
    t.write("s-1/debian/control", format!("Source: s\nMaintainer: a <a@b>\nStandards-Version: 4\n\n{package}"));
    t.write("s-1/log", log(BLOCK + 1000));
    // It calls `gzip -n --rsyncable -9` and `gunzip`. Only gzcc compresses to the same bytes.
    let test = "touch s-1/debian/rules; chmod 755 s-1/debian/rules
        dpkg-source -Zgzip -b s-1 > messages
        gzip -dc s_1.tar.gz | gzcc --rsyncable -9 | cmp - s_1.tar.gz
        dpkg-source --no-check -x s_1.dsc out > messages; diff -r s-1 out";
    succeeds_as_gzip(&t, test);
}

#[test]
fn git_archive_compresses_with_gzcc_as_gzip() {
    require!("bash", "cmp", "git");
    let t = Sandbox::new();
    t.write("repo/log", log(BLOCK + 1000));
    let test = "cd repo; export GIT_CONFIG_NOSYSTEM=1
        git init -q; git add .; git -c user.name=a -c user.email=a@b commit -q -m a
        git config tar.tar.gz.command 'gzip -cn'
        git archive -9 --format=tar.gz HEAD > ../a.tar.gz
        git archive --format=tar HEAD | gzcc -9 | cmp - ../a.tar.gz";
    succeeds_as_gzip(&t, test);
}

#[test]
fn a_cpio_archive_passes_through_gzcc() {
    require!("bash", "cpio", "diff", "find", "gzip");
    let t = Sandbox::new();
    t.write("tree/some directory/log", log(BLOCK + 1000));
    t.write("tree/empty", "");
    symlink("some directory/log", t.path("tree/link")).unwrap();
    // As mkinitramfs does it.
    let test = "find tree -print0 | sort -z | cpio -0 -o -H newc --quiet | gzip -9n > initrd.img
        mkdir out by
        (cd out; zcat ../initrd.img | cpio -i -d -m --quiet); diff -r --no-dereference tree out/tree
        (cd by; command -p gzip -dc < ../initrd.img | cpio -i -d -m --quiet); diff -r --no-dereference tree by/tree";
    succeeds_as_gzip(&t, test);
}

#[test]
fn rsync_transfers_only_the_changed_part_of_a_file_that_gzcc_compressed() {
    require!("bash", "cmp", "rsync");
    let t = Sandbox::new();
    let mut content = t.write("a", log(2 * BLOCK));
    let test = "gzip --rsyncable -nc a > old/a.gz";
    fs::create_dir(t.path("old")).unwrap();
    succeeds_as_gzip(&t, test);
    let middle = content.len() / 2;
    content.splice(middle..middle, *b"one more line\n");
    t.write("a", &content);
    let test = "gzip --rsyncable -n a; size=$(stat -c %s a.gz)
        rsync --no-whole-file --ignore-times --stats a.gz old/ > stats; cmp a.gz old/a.gz
        sent=$(sed -n 's/,//g; s/^Literal data: \\([0-9]*\\).*/\\1/p' stats)
        [ $((4 * sent)) -lt $size ] || echo \"$sent bytes of $size\"";
    assert_eq!(succeeds_as_gzip(&t, test), "");
}

#[test]
fn man_reads_pages_that_gzcc_compressed() {
    require!("bash", "groff", "man", "mandb");
    let t = Sandbox::new();
    t.write("man/man1/hello.1", ".TH HELLO 1\n.SH NAME\nhello \\- greet\n.SH DESCRIPTION\nIt greets.\n");
    // mandb writes only below its own directory as root, and below the user's otherwise.
    let test = "gzip -9n man/man1/hello.1
        MANWIDTH=80 man -M $PWD/man hello < /dev/null | grep -c 'It greets'
        MANWIDTH=80 man -l man/man1/hello.1.gz < /dev/null | grep -c 'It greets'
        mandb -q -u -c man > messages 2>&1 || cat messages
        man -M $PWD/man -f hello";
    let seen = succeeds_as_gzip(&t, test);
    assert!(seen.starts_with("1\n1\n") && seen.contains("hello (1)            - greet"), "{seen}");
}

#[test]
fn a_database_dump_passes_through_gzcc() {
    require!("bash", "cmp", "sqlite3");
    let t = Sandbox::new();
    let rows = "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 5000)
        INSERT INTO t SELECT i, 'row ' || (i * 7919 % 1000) FROM r";
    let test = format!(
        "sqlite3 a.db \"CREATE TABLE t (i INTEGER PRIMARY KEY, s TEXT); {rows}\"
        sqlite3 a.db .dump | gzip > dump.sql.gz
        zcat dump.sql.gz | sqlite3 b.db
        cmp <(sqlite3 a.db .dump) <(sqlite3 b.db .dump)
        sqlite3 b.db 'SELECT count(*) FROM t'
        # A dump that fails is seen in the statuses, and what it wrote can be read.
        set +e; (sqlite3 a.db .dump | head -n 100; exit 3) | gzip > half.sql.gz; echo ${{PIPESTATUS[*]}}
        zcat half.sql.gz | wc -l"
    );
    assert_eq!(succeeds_as_gzip(&t, &test), "5000\n3 0\n100\n");
}

#[test]
fn savelog_xzgrep_and_lesspipe_call_gzcc_as_gzip() {
    require!("bash", "grep", "lesspipe", "savelog", "xz", "xzgrep");
    let t = Sandbox::new();
    t.write("log", log(BLOCK));
    let test = "set +o pipefail
        cp log kept; savelog -t -c 3 log > said; cp kept log; savelog -t -c 3 log > said
        ls log*; gzip -dc log.1.gz | cmp - kept
        head -n 20 kept | xz > a.xz; head -n 20 kept | gzip > b.gz
        xzgrep -c host a.xz b.gz; xzdiff a.xz b.gz; xzcmp a.xz b.gz
        lesspipe b.gz | cmp - <(head -n 20 kept)";
    assert_eq!(succeeds_as_gzip(&t, test), "log\nlog.0\nlog.1.gz\na.xz:20\nb.gz:20\n");
}

/// The ways in which Python programs start a compressor.
const PYTHON: &str = r#"
import subprocess as s
text = b"".join(b"line %d of many\n" % i for i in range(50000))
gz = s.run(["gzip", "-c"], input=text, stdout=s.PIPE, check=True).stdout
assert s.run(["gzip", "-dc"], input=gz, stdout=s.PIPE, check=True).stdout == text
with open("a.gz", "wb") as out:
    writer = s.Popen(["gzip", "-9", "-n"], stdin=s.PIPE, stdout=out)
    for start in range(0, len(text), 5000):
        writer.stdin.write(text[start:start + 5000])
    writer.stdin.close()
    assert writer.wait() == 0
with s.Popen(["zcat", "a.gz"], stdout=s.PIPE) as reader:
    assert b"".join(reader.stdout) == text
# A reader that has seen enough: subprocess restores SIGPIPE in its children.
with s.Popen(["zcat", "a.gz"], stdout=s.PIPE, stderr=s.PIPE) as reader:
    assert reader.stdout.readline() == b"line 0 of many\n"
    reader.stdout.close()
    assert (reader.stderr.read(), reader.wait()) == (b"", -13)
# With SIGPIPE ignored, as in Python itself, the error has a message, as in gzip.
with s.Popen(["gunzip", "-c", "a.gz"], stdout=s.PIPE, stderr=s.PIPE, restore_signals=False) as reader:
    reader.stdout.readline()
    reader.stdout.close()
    assert (reader.stderr.read(), reader.wait()) == (b"\ngunzip: stdout: Broken pipe\n", 1)
"#;

#[test]
fn pythons_subprocess_module_talks_to_gzcc_as_gzip() {
    require!("bash", "python3");
    let t = Sandbox::new();
    t.write("test.py", PYTHON);
    succeeds_as_gzip(&t, "python3 test.py");
}

/// xopen writes and reads through `pigz` or `gzip` in threads of its own.
const XOPEN: &str = r#"
import sys
from xopen import xopen, _PipedCompressionProgram
text = b"".join(b"line %d of many\n" % i for i in range(200000))
for level in [1, 6, 9]:
    with xopen("a.gz", "wb", threads=2, compresslevel=level) as out:
        assert isinstance(out, _PipedCompressionProgram), type(out)
        assert out._program_args[0].endswith(sys.argv[1]), out._program_args
        out.write(text)
    with xopen("a.gz", "rb", threads=2) as file:
        assert isinstance(file, _PipedCompressionProgram), type(file)
        assert file.read() == text
with xopen("a.gz", "ab", threads=1) as out:
    out.write(b"appended\n")
with xopen("a.gz", "rt", threads=1) as file:
    assert file.readline() == "line 0 of many\n"
with xopen("a.gz", "rb", threads=1) as file:
    assert file.read() == text + b"appended\n"
data = open("a.gz", "rb").read()
open("half.gz", "wb").write(data[:len(data) // 2])
try:
    with xopen("half.gz", "rb", threads=1) as file:
        file.read()
    raise SystemExit("the truncated file is accepted")
except OSError as error:
    assert "unexpected end of file" in str(error), error
"#;

#[test]
fn xopen_reads_and_writes_through_gzcc() {
    if !full() {
        return;
    }
    require!("bash", "python3", "timeout");
    let t = Sandbox::new();
    // It prefers these two modules to programs.
    let install = "python3 -m venv venv && venv/bin/pip install -q --retries 1 'xopen>=2,<3'
        venv/bin/pip uninstall -q -y isal zlib-ng";
    let ran = t.command("timeout", ["200", "bash", "-ec", install]).run();
    if !ran.status.success() {
        return skip(&format!("xopen cannot be installed: {}{}", String::from_utf8_lossy(&ran.stdout), ran.stderr()));
    }
    t.write("test.py", XOPEN);
    fs::create_dir(t.path("as-pigz")).unwrap();
    symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("as-pigz/pigz")).unwrap();
    let test = "PATH=$PWD/as-pigz venv/bin/python test.py pigz; PATH=$AS_GZIP venv/bin/python test.py gzip";
    script(&t, test).succeeds();
}
