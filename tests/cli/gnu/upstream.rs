//! GNU gzip's own test scripts, with gzcc as gzip, gunzip and zcat. They are under the GPL, so the test downloads the source
//! package of the distribution, and the repository does not contain them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::{Finished, Sandbox, find, full, note, skip};

/// The scripts of gzip 1.12. The first ones test gzip itself, the others the scripts around it.
const SCRIPTS: [&str; 26] = [
    "gzip-env",
    "helin-segv",
    "help-version",
    "hufts",
    "keep",
    "list",
    "list-big",
    "memcpy-abuse",
    "mixed",
    "null-suffix-clobber",
    "reproducible",
    "stdin",
    "timestamp",
    "trailing-nul",
    "two-files",
    "unpack-invalid",
    "unpack-valid",
    "upper-suffix",
    "z-suffix",
    "zdiff",
    "zgrep-abuse",
    "zgrep-binary",
    "zgrep-context",
    "zgrep-f",
    "zgrep-signal",
    "znew-k",
];

/// Programs whose `--help` and `--version` help-version calls.
const PROGRAMS: &str = "gzip gunzip gzexe zcat zcmp zdiff zegrep zfgrep zforce zgrep zless zmore znew";

/// Exit status of a script that cannot test anything on this system.
const SKIPPED: i32 = 77;

#[test]
fn gnu_gzips_own_test_scripts_pass() {
    if !full() {
        return;
    }
    require!("bash", "cmp", "diff", "gzip", "less", "perl", "tar", "timeout", "xz", "zgrep");
    let t = Sandbox::new();
    let Some(source) = source_of_gzip(&t) else { return };
    let mut failed = String::new();
    let mut passed = Vec::new();
    for script in SCRIPTS {
        let ran = run(&t, &source, script);
        match ran.status.code() {
            Some(0) => passed.push(script),
            Some(SKIPPED) => skip(&format!("{script} of GNU gzip skips itself: {}", ran.stderr())),
            _ => {
                let output = String::from_utf8_lossy(&ran.stdout);
                failed += &format!("\n== {script}: {}\n{output}{}", ran.status, ran.stderr());
            }
        }
    }
    note(format_args!("{} of GNU gzip's {} test scripts pass: {}", passed.len(), SCRIPTS.len(), passed.join(", ")));
    assert!(failed.is_empty(), "{failed}");
}

/// Runs a script in a directory of its own.
fn run(t: &Sandbox, source: &Path, script: &str) -> Finished {
    super::link_as_gzip(&t.path("bin"));
    let path = format!("{}:{}", t.path("bin").display(), std::env::var("PATH").unwrap());
    fs::create_dir_all(t.path("work")).unwrap();
    // The scripts of zgrep report to descriptor 9.
    let line = "cd work; exec timeout 250 bash \"$srcdir/$GZIP_TEST_NAME\" 9>&2";
    let mut call = t.command("bash", ["-c", line]);
    let source = source.display().to_string();
    let tests = format!("{source}/tests");
    let directory = t.path("work").display().to_string();
    for (variable, value) in [
        ("PATH", &*path),
        ("srcdir", &tests),
        ("abs_srcdir", &tests),
        ("top_srcdir", &source),
        ("abs_top_srcdir", &source),
        ("abs_top_builddir", &source),
        ("built_programs", PROGRAMS),
        ("GZIP_TEST_NAME", script),
        // The version under test, which help-version compares.
        ("VERSION", env!("CARGO_PKG_VERSION")),
        ("PACKAGE_VERSION", env!("CARGO_PKG_VERSION")),
        ("TMPDIR", &directory),
        ("SHELL", "/bin/bash"),
        ("PERL", "perl"),
        ("GREP", "grep"),
    ] {
        call.set(variable, value);
    }
    call.run()
}

/// Downloads and unpacks the source package of gzip with a configuration of apt that leaves the system's unchanged: its sources,
/// as sources of source packages. Skips the test where that is not possible.
fn source_of_gzip(t: &Sandbox) -> Option<PathBuf> {
    if find("apt-get").is_none() {
        skip("no apt-get to download the source of GNU gzip");
        return None;
    }
    let line = "root=$PWD
        mkdir -p apt/parts apt/lists/partial apt/cache/archives/partial source
        shopt -s nullglob
        for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.{list,sources}; do
            [ -e \"$file\" ] && sed 's/^deb /deb-src /; s/^Types:.*/Types: deb-src/' \"$file\" > \"apt/parts/${file##*/}\"
        done
        mv apt/parts/sources.list apt/parts/main.list 2> /dev/null
        apt() {
            apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts=\"$root/apt/parts\" \\
                -o Dir::State::lists=\"$root/apt/lists\" -o Dir::Cache=\"$root/apt/cache\" \\
                -o Acquire::Retries=0 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 \"$@\"
        }
        # One unreachable source does not matter if another one has the package.
        apt update || :
        cd apt && apt source --download-only gzip || exit
        exec tar -xf gzip_*.orig.tar.[gx]z -C ../source --strip-components=1";
    let ran = t.command("bash", ["-c", line]).run();
    let source = t.path("source");
    if ran.status.success() && source.join("tests/init.sh").exists() {
        return Some(source);
    }
    skip(&format!("the source package of GNU gzip is not available: {}", ran.stderr().trim()));
    None
}
