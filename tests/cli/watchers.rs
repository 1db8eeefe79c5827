//! Events for programs that watch a directory (inotify(7)): one under the final name when the file is complete.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

use crate::harness::{Sandbox, is_root, log};

/// The events by which uploaders and log shippers recognize a complete file.
const WHOLE: ReadFlags = ReadFlags::CLOSE_WRITE.union(ReadFlags::MOVED_TO);

struct Watch(OwnedFd);

impl Watch {
    fn new(directory: &Path) -> Self {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        inotify::add_watch(&inotify, directory, WatchFlags::ALL_EVENTS).unwrap();
        Self(inotify)
    }

    /// The names of files that were reported as complete since the last call, sorted and without duplicates: a renamed
    /// temporary is also closed under its final name. Skips unnamed files, which have a number for a name.
    fn whole(&self) -> Vec<String> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&self.0, &mut buffer);
        let mut names = Vec::new();
        while let Ok(event) = reader.next() {
            let name = event.file_name().map(|name| name.to_str().unwrap().to_owned()).unwrap_or_default();
            if event.events().intersects(WHOLE) && !name.starts_with(['#', '.']) {
                names.push(name);
            }
        }
        names.sort();
        names.dedup();
        names
    }
}

#[test]
fn watchers_of_a_directory_get_an_event_for_each_complete_output() {
    let t = Sandbox::new();
    let watch = Watch::new(&t.path("."));
    // Each call works on the files that the previous call left.
    for (words, whole) in [
        ("a b", &["a.gz", "b.gz"][..]),
        ("-f a b", &["a.gz", "b.gz"]),
        ("--rm -f a", &["a.gz"]),
        ("-d a.gz", &["a"]),
        ("-df --rm a.gz", &["a"]),
        ("--sync a", &["a.gz"]),
        ("-f --named-temporaries a", &["a.gz"]),
        ("--named-temporaries -o c a b", &["c"]),
        ("-o d a b", &["d"]),
        ("-f -o d a b", &["d"]),
        ("-j1 --verify -r . --exclude *.gz --exclude d -f", &["a.gz", "b.gz", "c.gz"]),
    ] {
        if words == "a b" {
            t.write("a", log(5000));
            t.write("b", log(300_000));
            watch.whole();
        }
        t.gzcc(words.split(' ')).succeeds();
        assert_eq!(watch.whole(), whole, "{words}");
    }
    std::fs::create_dir(t.path("out")).unwrap();
    let mirrored = Watch::new(&t.path("out"));
    t.gzcc(["-O", "out", "a", "b"]).succeeds();
    assert_eq!((watch.whole(), mirrored.whole()), (vec![], vec!["a.gz".into(), "b.gz".into()]));
    // Refused and failed files give no event.
    t.gzcc(["a"]).run();
    t.gzcc(["-d", "d", "nothing"]).run();
    assert!(watch.whole().is_empty());
}

/// The owner of a read-only file cannot open the output for writing.
#[test]
fn watchers_get_an_event_for_the_output_of_a_read_only_file() {
    let t = Sandbox::new();
    let user = ["--reuid=65534", "--regid=65534", "--clear-groups"];
    require!("setpriv");
    let a = t.write("a", log(5000));
    t.write("b", "b");
    t.shell("chmod 444 a").succeeds();
    if is_root() {
        t.shell("chown 65534:65534 . a b; chmod 755 .").succeeds();
    }
    for words in [&["a", "b"][..], &["-f", "a", "b"], &["--rm", "-f", "a", "b"]] {
        let watch = Watch::new(&t.path("."));
        match is_root() {
            true => {
                let gzcc = [env!("CARGO_BIN_EXE_gzcc")];
                t.command("setpriv", user.iter().chain(&gzcc).chain(words)).succeeds();
            }
            false => drop(t.gzcc(words).succeeds()),
        }
        assert_eq!(watch.whole(), ["a.gz", "b.gz"], "{words:?}");
    }
    t.assert_holds("a.gz", &a);
    assert_eq!(t.names(), ["a.gz", "b.gz"]);
}
