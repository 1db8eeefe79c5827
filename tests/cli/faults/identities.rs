//! If a file's metadata cannot be read, gzcc assumes the dangerous case.

use std::fs;
use std::os::unix::fs::symlink;

use super::injection::{inject_on, inject_on_redirected};
use crate::harness::{Sandbox, log};

#[test]
fn a_link_is_not_replaced_if_its_target_cannot_be_examined() {
    require!("strace", "bash");
    let t = Sandbox::new();
    t.write("a", log(3000));
    symlink("/dev/null", t.path("link")).unwrap();
    let link = t.path("link");
    let words = ["-f", "-o", link.to_str().unwrap(), "a"];
    // The first stat of the path determines whether it is a device.
    let (ran, hits) = inject_on(&t, "link", "newfstatat:error=EIO:when=1", &words);
    ran.assert(ran.status.code() == Some(1) && hits == 1, "it fails");
    ran.assert(ran.stderr().ends_with(": Input/output error\n"), "one line");
    assert_eq!(fs::read_link(link).unwrap().to_str(), Some("/dev/null"));
}

#[test]
fn an_output_is_not_written_if_it_cannot_be_distinguished_from_the_input() {
    require!("strace", "bash");
    let t = Sandbox::new();
    let a = t.write("a", log(3000));
    let (ran, hits) = inject_on_redirected(&t, "a", "fstat:error=EIO:when=1", &["-c", "a"], ">> a");
    ran.assert(ran.status.code() == Some(1) && hits == 1, "it fails");
    ran.assert(ran.stderr() == "gzcc: a: standard output: Input/output error\n", "one line");
    assert!(t.read("a") == a);
}
