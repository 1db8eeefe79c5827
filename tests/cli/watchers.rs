//! What programs that watch a folder hear of (inotify(7)): an event under the final name, when the file is whole.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

use crate::harness::{Sandbox, is_root, log};

/// The events by which uploaders and log shippers know that a file is whole.
const WHOLE: ReadFlags = ReadFlags::CLOSE_WRITE.union(ReadFlags::MOVED_TO);

struct Watch(OwnedFd);

impl Watch {
    fn new(folder: &Path) -> Self {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC).unwrap();
        inotify::add_watch(&inotify, folder, WatchFlags::ALL_EVENTS).unwrap();
        Self(inotify)
    }

    /// The names of the files that were said to be whole since the last look, sorted, each once: a temporary that is
    /// renamed is also closed under its final name. Files that have no name yet go by their number.
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
fn watchers_of_a_folder_hear_that_an_output_is_whole() {
    let t = Sandbox::new();
    let watch = Watch::new(&t.path("."));
    // Every call takes what the one before has left; `-f` replaces an output.
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
    // What is refused or fails is not announced.
    t.gzcc(["a"]).run();
    t.gzcc(["-d", "d", "nothing"]).run();
    assert!(watch.whole().is_empty());
}

/// A mode that keeps its owner from writing keeps him from opening the output for that as well.
#[test]
fn watchers_hear_of_the_output_of_a_read_only_file_too() {
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
