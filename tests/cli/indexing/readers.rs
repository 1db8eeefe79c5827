//! Other programs read gzcc's indexes: rapidgzip and indexed_gzip from PyPI. Long tier only, because they are downloaded.

use std::path::PathBuf;
use std::process::Command;

use super::files;
use crate::harness::{Sandbox, full, gunzip, have, skip};

/// A virtual environment with both. `None` if it cannot be made: no Python, or no network.
fn environment() -> Option<PathBuf> {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("index-readers");
    let pip = directory.join("bin/pip");
    let succeeds = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
    let exists = directory.join("bin/rapidgzip").exists()
        || succeeds(Command::new("python3").args(["-m", "venv"]).arg(&directory))
            && succeeds(Command::new(&pip).args(["install", "-q", "rapidgzip==0.16.2", "indexed_gzip==1.10.3"]));
    exists.then_some(directory)
}

/// Prints the content from an offset on, with the index.
const INDEXED_GZIP: &str = "import indexed_gzip, sys
f = indexed_gzip.IndexedGzipFile('a.gz', index_file='a.gz.gzidx')
f.seek(int(sys.argv[1]))
sys.stdout.buffer.write(f.read(50000))";

#[test]
fn rapidgzip_and_indexed_gzip_read_an_index() {
    if !full() || !have("python3") {
        return;
    }
    let Some(environment) = environment() else { return skip("rapidgzip and indexed_gzip cannot be installed") };
    let program = |name: &str| environment.join("bin").join(name).to_str().unwrap().to_owned();
    for (what, gz) in files().into_iter().take(3) {
        let t = Sandbox::new();
        let content = gunzip(&gz);
        t.write("a.gz", gz);
        t.gzcc(["-q", "--index", "--index-spacing=50K", "a.gz"]).succeeds();
        let rapidgzip = |words: &[&str]| {
            let words = ["-d", "-c", "--import-index", "a.gz.gzidx"].iter().chain(words).chain(&["a.gz"]);
            t.command(&program("rapidgzip"), words).run().stdout
        };
        assert!(rapidgzip(&[]) == content, "{what}");
        for at in [1, content.len() / 3, content.len() / 2, content.len() - 10_000] {
            let expected = &content[at..content.len().min(at + 50_000)];
            assert!(rapidgzip(&["--ranges", &format!("50000@{at}")]) == expected, "{what}: {at}");
            let at = at.to_string();
            let read = t.command(&program("python"), ["-c", INDEXED_GZIP, &at]).succeeds();
            assert!(read == expected, "{what}: {at}");
        }
    }
}
