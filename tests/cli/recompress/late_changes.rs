//! Files that change after they are read, while the output is synced.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::compressed;
use crate::harness::{Sandbox, log};
use crate::stopped::{Moment, stopped_at};

/// A change that another process makes to a file.
type Change = fn(&Path);

const CHANGES: [Change; 5] = [
    |path| File::options().append(true).open(path).unwrap().write_all(b"more").unwrap(),
    |path| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    },
    |path| fs::remove_file(path).unwrap(),
    |path| fs::rename(path, path.with_extension("old")).unwrap(),
    |path| {
        fs::write(path.with_extension("new"), "another file").unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    },
];

/// Names, modes and content of the files.
fn files(t: &Sandbox) -> Vec<(String, u32, Vec<u8>)> {
    use std::os::unix::fs::MetadataExt;
    let file = |name: String| (name.clone(), fs::metadata(t.path(&name)).unwrap().mode(), t.read(&name));
    t.names().into_iter().map(file).collect()
}

#[test]
fn a_file_that_changes_while_the_output_is_synced_is_kept() {
    require!("bash", "strace");
    for links in [1, 2] {
        for (i, change) in CHANGES.iter().enumerate() {
            let t = Sandbox::new();
            t.write("a.gz", compressed(&t, &[], &log(200_000)));
            t.set_mode("a.gz", 0o644);
            if links > 1 {
                fs::hard_link(t.path("a.gz"), t.path("b")).unwrap();
            }
            let mut after = Vec::new();
            // The output is synced before it gets a temporary name.
            let moment = Moment::new(".", "linkat", 1);
            let ran = stopped_at(&t, moment, &["--recompress", "-9f", "-j1", "a.gz"], || {
                change(&t.path("a.gz"));
                after = files(&t);
                after.retain(|(name, ..)| !name.starts_with(".gzcc-"));
            });
            let line = "gzcc: a.gz: changed while it was read; no whole output made\n";
            ran.assert(ran.status.code() == Some(2) && ran.stderr() == line, &format!("change {i}, {links} links"));
            assert!(files(&t) == after, "change {i}, {links} links");
        }
    }
}
