//! File systems that differ from local ones: a FUSE file system in memory, mounted over a test's directory.

mod files;
mod inconstant;
mod modes;
mod mount;
mod naming;
mod wire;

use std::fs;
use std::io::{Read, Write};
use std::ops::Deref;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use self::files::Files;
pub use self::files::Quirks;
use self::mount::Mount;
pub use self::wire::Opcode;
use self::wire::{MAX_REQUEST, Request, answer};
use crate::harness::{Sandbox, log, skip};

/// A sandbox on a file system with these quirks. The file system is unmounted before its directory is removed.
pub struct FuseSandbox {
    files: Arc<Mutex<Files>>,
    _mount: Mount,
    sandbox: Sandbox,
}

impl FuseSandbox {
    /// Mounts the file system. If mounting is not permitted, records a skip and returns `None`.
    pub fn new(quirks: Quirks) -> Option<Self> {
        let sandbox = Sandbox::new();
        let owner = sandbox.path(".").metadata().unwrap();
        let files = Arc::new(Mutex::new(Files::new(quirks, (owner.uid(), owner.gid()))));
        let served = Arc::clone(&files);
        let mounted = Mount::new(&sandbox.path("."), move |device| serve(device, &served));
        match mounted {
            Ok(mount) => Some(Self { files, _mount: mount, sandbox }),
            Err(why) => {
                skip(&format!("no FUSE file system can be mounted: {why}"));
                None
            }
        }
    }

    /// Replaces the quirks.
    pub fn set_quirks(&self, quirks: Quirks) {
        self.files.lock().unwrap().quirks = quirks;
    }

    /// The number of requests of this kind so far.
    pub fn requests(&self, opcode: Opcode) -> usize {
        self.files.lock().unwrap().requests.iter().filter(|&&request| request == opcode).count()
    }
}

impl Deref for FuseSandbox {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

/// Answers requests until the file system is unmounted.
fn serve(mut device: fs::File, files: &Mutex<Files>) {
    let mut request = vec![0; MAX_REQUEST];
    loop {
        let size = match device.read(&mut request) {
            Ok(size) => size,
            // The request was cancelled, or a signal arrived.
            Err(error) if matches!(Errno::from_io_error(&error), Some(Errno::NOENT | Errno::INTR | Errno::AGAIN)) => {
                continue;
            }
            // The file system was unmounted.
            Err(_) => return,
        };
        let request = Request::parse(&request[..size]);
        let reply = files.lock().unwrap().answer(&request);
        if request.opcode.is_none_or(Opcode::has_reply) {
            // The caller may have ended by now.
            let _ = device.write(&answer(request.unique, reply));
        }
    }
}

#[test]
fn files_on_a_fuse_file_system_are_compressed_and_removed() {
    let Some(t) = FuseSandbox::new(Quirks::NONE) else { return };
    let a = t.write("t/a", log(300_000));
    let b = t.write("t/s/b", b"b");
    t.gzcc(["-r", "--rm", "t"]).succeeds();
    assert_eq!(t.names(), ["t", "t/a.gz", "t/s", "t/s/b.gz"]);
    t.assert_holds("t/a.gz", &a);
    t.assert_holds("t/s/b.gz", &b);
    assert_eq!(t.requests(Opcode::Tmpfile), 2, "outputs have no name until they are complete");
    t.gzcc(["-r", "-d", "--rm", "t"]).succeeds();
    assert_eq!(t.read("t/a"), a);
}

/// The other tests rely on these quirks.
#[test]
fn the_test_file_system_has_the_quirks_that_are_set() {
    require!("bash");
    let Some(t) = FuseSandbox::new(Quirks::NONE) else { return };
    t.write("a", b"content");
    t.set_quirks(Quirks {
        no_unnamed: true,
        no_links: Some(Errno::ACCESS),
        no_noreplace: Some(Errno::IO),
        whole_seconds: true,
        new_inodes: true,
        new_ctimes: true,
        repeats: true,
        no_close: Some(Errno::DQUOT),
        no_fsync: None,
        no_directory_modes: Some(Errno::PERM),
    });
    assert!(fs::set_permissions(t.path("."), fs::Permissions::from_mode(0o700)).is_err());
    let error = |result: std::io::Result<()>| result.map_err(|error| Errno::from_io_error(&error).unwrap());
    assert_eq!(error(fs::hard_link(t.path("a"), t.path("b"))), Err(Errno::ACCESS));
    let (a, b) = (t.path("a"), t.path("b"));
    assert_eq!(renameat_with(CWD, &a, CWD, &b, RenameFlags::NOREPLACE), Err(Errno::IO));
    let opened = fs::File::options().write(true).open(&a).unwrap();
    opened.set_modified(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)).unwrap();
    let looks = [opened.metadata().unwrap(), opened.metadata().unwrap()];
    assert_ne!(looks[0].ino(), looks[1].ino());
    assert_ne!(looks[0].ctime(), looks[1].ctime());
    assert_eq!((looks[1].mtime(), looks[1].mtime_nsec()), (1, 0));
    let listed: Vec<_> = fs::read_dir(t.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(listed, ["a", "a"]);
    t.shell("echo more >> a; echo > b").says(0, &[]);
    assert_eq!(t.read("a"), b"", "what was written is lost");
}
