//! File systems that refuse holes, and a disk that is full after a hole.

use super::injection::inject;
use crate::damage::cases::{Fields, member};
use crate::harness::Sandbox;
use crate::sparse::patterned;

/// Some object stores accept bytes in sequential order only.
#[test]
fn zeros_are_written_if_holes_are_refused() {
    require!("bash", "strace");
    let content = patterned();
    for fault in ["write:error=EINVAL:when=1", "write:error=EIO:when=2", "ftruncate:error=EOPNOTSUPP"] {
        let t = Sandbox::new();
        t.write("a.gz", member(&content, &Fields::default()));
        let (ran, hits) = inject(&t, &[fault], &["-d", "-j1", "a.gz"]);
        ran.assert(ran.status.code() == Some(0) && ran.stderr.is_empty() && hits == 1, fault);
        assert!(t.read("a") == content, "{fault}");
    }
}

#[test]
fn a_full_disk_is_an_error_even_with_holes() {
    require!("bash", "strace");
    for (fault, reason) in [
        ("write:error=ENOSPC:when=1", "No space left on device"),
        ("write:error=EDQUOT:when=3", "Disk quota exceeded"),
        ("ftruncate:error=EFBIG", "File too large"),
    ] {
        let t = Sandbox::new();
        t.write("a.gz", member(&patterned(), &Fields::default()));
        let (ran, hits) = inject(&t, &[fault], &["-d", "-j1", "--rm", "a.gz"]);
        ran.assert(ran.status.code() == Some(1) && hits == 1, fault);
        ran.assert(ran.stderr() == format!("gzcc: a.gz: a: {reason}\n"), fault);
        assert_eq!(t.names(), ["a.gz"], "{fault}");
    }
}
