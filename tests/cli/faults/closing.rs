//! Errors that the file system reports at close, as NFS, CIFS and object stores do: the output gets no name, the
//! original stays, and the run fails.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::LazyLock;

use super::injection::inject_redirected;
use crate::harness::{Finished, Sandbox, log, sample};

const ERRORS: [(&str, &str); 3] =
    [("EIO", "Input/output error"), ("EDQUOT", "Disk quota exceeded"), ("ENOSPC", "No space left on device")];

/// Runs gzcc with `words` and one worker while every close(2) fails.
fn run_with_failing_close(t: &Sandbox, error: &str, words: &[&str], redirections: &str) -> Finished {
    let fault = format!("close:error={error}:when={}+", first_close());
    let (ran, hits) = inject_redirected(t, &[&fault], &[&["-j1"], words].concat(), redirections);
    ran.assert(hits > 0, "something is closed");
    ran
}

/// The index of the first close after those of the loader. The loader does not start a program if its close fails.
fn first_close() -> usize {
    // The closes of `--version` are the loader's and one by gzcc, which closes its output.
    static CLOSES: LazyLock<usize> =
        LazyLock::new(|| inject_redirected(&Sandbox::new(), &["close:retval=0"], &["--version"], "").1);
    *CLOSES
}

/// A sandbox with `a`, `b` and `p.gz`.
fn sandbox() -> Sandbox {
    let t = Sandbox::new();
    t.write("p", log(3000));
    t.gzcc(["-q", "--rm", "p"]).succeeds();
    for name in ["a", "b"] {
        t.write(name, log(3000));
    }
    t
}

#[test]
fn a_failed_close_leaves_the_output_unnamed_and_the_original_in_place() {
    require!("strace", "bash");
    let runs: [(&[&str], &str, &str); 12] = [
        (&["a"], "a: a.gz", "a.gz"),
        (&["--rm", "a"], "a: a.gz", "a.gz"),
        (&["--rm", "--no-sync", "a"], "a: a.gz", "a.gz"),
        (&["--sync", "a"], "a: a.gz", "a.gz"),
        (&["--rm", "--named-temporaries", "a"], "a: a.gz", "a.gz"),
        (&["--verify", "a"], "a: a.gz", "a.gz"),
        (&["-o", "out", "a"], "a: out", "out"),
        (&["-o", "out", "a", "b"], "out", "out"),
        (&["-O", "new", "a"], "a: new/a.gz", "new/a.gz"),
        (&["--rm", "-O", "new", "a"], "a: new/a.gz", "new/a.gz"),
        (&["-d", "p.gz"], "p.gz: p", "p"),
        (&["-d", "--rm", "p.gz"], "p.gz: p", "p"),
    ];
    let errors = ERRORS.map(|error| [(error, None), (error, Some("old"))]).concat();
    let all = runs.into_iter().flat_map(|run| errors.iter().map(move |error| (run, *error)));
    // A step of 5 includes every run, in turn with each error and with and without an old output.
    for ((words, names, output), ((error, reason), old)) in sample(5, all) {
        let t = sandbox();
        let (packed, force) = (t.read("p.gz"), if old.is_some() { "-qf" } else { "-q" });
        old.into_iter().for_each(|old| drop(t.write(output, old)));
        let ran = run_with_failing_close(&t, error, &[&[force], words].concat(), "");
        ran.assert(ran.status.code() == Some(1), "it fails");
        ran.assert(ran.stderr() == format!("gzcc: {names}: {reason}\n"), "one line with the reason");
        ran.assert(fs::read(t.path(output)).ok().as_deref() == old.map(str::as_bytes), "the name is as it was");
        ran.assert(t.read("a") == log(3000) && t.read("p.gz") == packed, "the original stays");
        let litter = t.names().into_iter().find(|name| name.contains(".gzcc-"));
        ran.assert(litter.is_none(), "no temporary is left");
    }
}

#[test]
fn a_failed_close_of_an_output_is_an_error_under_gzips_names() {
    require!("strace", "bash");
    let t = sandbox();
    symlink(env!("CARGO_BIN_EXE_gzcc"), t.path("gzip")).unwrap();
    for (words, name, output) in [("a", "a", "a.gz"), ("-d p.gz", "p.gz", "p")] {
        let inject = format!("inject=close:error=EDQUOT:when={}+", first_close());
        let strace = format!("strace -f -qq -o /dev/null -e {inject}");
        let ran = t.shell(&format!("exec {strace} ./gzip -p1 {words}")).run();
        ran.assert(ran.status.code() == Some(1), "it fails");
        ran.assert(ran.stderr() == format!("gzip: {name}: {output}: Disk quota exceeded\n"), "one line");
        ran.assert(t.exists(name) && !t.exists(output), "nothing has changed");
    }
}

/// The data has been written and cannot be taken back, so only the exit status shows the error.
#[test]
fn a_failed_close_of_an_output_written_in_place_is_an_error() {
    require!("strace", "bash");
    let runs: [(&[&str], &str, &str); 10] = [
        (&["-c", "a"], "> out", "standard output"),
        (&["-c", "a", "b"], "> out", "standard output"),
        (&["-dc", "p.gz"], "> out", "standard output"),
        (&[], "< a > out", "standard output"),
        (&["-d"], "< p.gz > out", "standard output"),
        (&["-o", "/dev/null", "a"], "", "/dev/null"),
        (&["-d", "-o", "/dev/null", "p.gz"], "", "/dev/null"),
        (&["-o", "/dev/null", "a", "b"], "", "/dev/null"),
        (&["-o", "pipe", "a"], "3<>pipe", "pipe"),
        (&["-dc", "p.gz", "p.gz"], "> out", "standard output"),
    ];
    let all = runs.into_iter().flat_map(|run| ERRORS.map(|error| (run, error)));
    // A step of 2 includes every run.
    for ((words, redirections, name), (error, reason)) in sample(2, all) {
        let t = sandbox();
        rustix::fs::mkfifoat(rustix::fs::CWD, t.path("pipe"), rustix::fs::Mode::RWXU).unwrap();
        let ran = run_with_failing_close(&t, error, words, redirections);
        ran.assert(ran.status.code() == Some(1), redirections);
        ran.assert(ran.stderr() == format!("gzcc: {name}: {reason}\n"), "one line with the reason");
    }
}

#[test]
fn a_failed_close_of_standard_output_after_a_report_is_an_error() {
    require!("strace", "bash");
    for words in [&["-t", "p.gz"][..], &["-l", "--json", "p.gz"], &["--json", "-t", "p.gz"], &["--help"]] {
        for (error, reason) in ERRORS {
            let t = sandbox();
            let ran = run_with_failing_close(&t, error, words, "> out");
            ran.assert(ran.status.code() == Some(1), "it fails");
            ran.assert(ran.stderr() == format!("gzcc: standard output: {reason}\n"), "one line with the reason");
        }
    }
}

/// Linux closes the descriptor despite EINTR, so no second close is needed.
#[test]
fn an_interrupted_close_is_no_error() {
    require!("strace", "bash");
    let t = sandbox();
    let fault = format!("close:error=EINTR:when={}+2", first_close());
    let (ran, _) = inject_redirected(&t, &[&fault], &["-q", "-f", "-j1", "--rm", "a", "b"], "");
    ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty(), "it succeeds");
    t.assert_holds("a.gz", &log(3000));
    t.assert_holds("b.gz", &log(3000));
}
