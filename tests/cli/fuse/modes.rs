//! File systems that refuse to change the mode of a directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use rustix::io::Errno;

use super::{FuseSandbox, Quirks};
use crate::harness::{Sandbox, gunzip, log};

const REFUSES_MODES: Quirks = Quirks { no_directory_modes: Some(Errno::PERM), ..Quirks::NONE };

#[test]
fn a_directory_whose_mode_cannot_be_set_is_a_warning_and_stays_private() {
    let Some(disk) = FuseSandbox::new(REFUSES_MODES) else { return };
    let t = Sandbox::new();
    let contents = ["t/a", "t/b", "t/s/c"].map(|name| (name, t.write(name, log(name.len()))));
    for directory in ["t", "t/s"] {
        fs::set_permissions(t.path(directory), Permissions::from_mode(0o755)).unwrap();
    }
    let out = disk.path("");
    let ran = t.gzcc(["-r", "-j1", "-O", out.to_str().unwrap(), "t"]).run();
    ran.assert(ran.status.code() == Some(2), "only a warning");
    for (name, content) in &contents {
        disk.assert_holds(format!("{name}.gz"), content);
    }
    for directory in ["t", "t/s"] {
        assert_eq!(disk.path(directory).metadata().unwrap().permissions().mode() & 0o777, 0o700, "{directory}");
    }
    let warning =
        |directory: &str| format!("{}: cannot set mode: Operation not permitted\n", disk.path(directory).display());
    let stderr = ran.stderr();
    ran.assert(stderr.lines().count() == 2, "one line a directory");
    for directory in ["t", "t/s"] {
        ran.assert(stderr.contains(&warning(directory)), &warning(directory));
    }
}

#[test]
fn all_warnings_about_a_file_are_printed_and_its_original_stays() {
    let Some(disk) = FuseSandbox::new(REFUSES_MODES) else { return };
    let t = Sandbox::new();
    t.write("t/a", log(1000));
    t.gzcc(["--rm", "t/a"]).succeeds();
    let garbage = [&t.read("t/a.gz")[..], b"garbage"].concat();
    t.write("t/a.gz", &garbage);
    let (out, directory) = (disk.path(""), disk.path("t"));
    let warnings = [
        format!("gzcc: t/a.gz: {}: cannot set mode: Operation not permitted", directory.display()),
        "gzcc: t/a.gz: trailing garbage ignored".to_owned(),
    ];
    let words = ["-d", "--rm", "-O", out.to_str().unwrap(), "t/a.gz"];
    t.gzcc(words).says(2, &[&warnings[0], &warnings[1]]);
    assert!(
        disk.read("t/a") == log(1000)
            && t.read("t/a.gz") == garbage
            && gunzip(&garbage[..garbage.len() - 7]) == log(1000)
    );
}
