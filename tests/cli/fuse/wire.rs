//! The FUSE protocol (linux/fuse.h): parses requests from the kernel and encodes replies. Knows nothing about files.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::io::Errno;

/// Largest request: a write of [`MAX_WRITE`] bytes, its headers, and a reserve.
pub const MAX_REQUEST: usize = MAX_WRITE as usize + 8192;

/// Limit of the data in one write request.
const MAX_WRITE: u32 = 128 * 1024;

/// Protocol version of the replies: 7.31. It has every feature used here except TMPFILE, which the kernel tries in
/// any version.
const VERSION: (u32, u32) = (7, 31);

/// FUSE_BIG_WRITES: write requests may carry more than a page.
const BIG_WRITES: u32 = 1 << 5;

/// Length of a request header.
const HEADER: usize = 40;

/// Requests from the kernel. Unknown opcodes get ENOSYS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Lookup = 1,
    Forget = 2,
    Getattr = 3,
    Setattr = 4,
    Readlink = 5,
    Symlink = 6,
    Mkdir = 9,
    Unlink = 10,
    Rmdir = 11,
    Rename = 12,
    Link = 13,
    Open = 14,
    Read = 15,
    Write = 16,
    Statfs = 17,
    Release = 18,
    Fsync = 20,
    Flush = 25,
    Init = 26,
    Opendir = 27,
    Readdir = 28,
    Releasedir = 29,
    Fsyncdir = 30,
    Create = 35,
    Interrupt = 36,
    ForgetMany = 42,
    Rename2 = 45,
    Tmpfile = 51,
}

impl Opcode {
    const ALL: [Self; 28] = [
        Self::Lookup,
        Self::Forget,
        Self::Getattr,
        Self::Setattr,
        Self::Readlink,
        Self::Symlink,
        Self::Mkdir,
        Self::Unlink,
        Self::Rmdir,
        Self::Rename,
        Self::Link,
        Self::Open,
        Self::Read,
        Self::Write,
        Self::Statfs,
        Self::Release,
        Self::Fsync,
        Self::Flush,
        Self::Init,
        Self::Opendir,
        Self::Readdir,
        Self::Releasedir,
        Self::Fsyncdir,
        Self::Create,
        Self::Interrupt,
        Self::ForgetMany,
        Self::Rename2,
        Self::Tmpfile,
    ];

    /// Whether the kernel waits for a reply.
    pub fn has_reply(self) -> bool {
        !matches!(self, Self::Forget | Self::ForgetMany | Self::Interrupt)
    }
}

/// One request.
pub struct Request<'a> {
    /// `None` for an unknown opcode.
    pub opcode: Option<Opcode>,
    /// The request's number, which the reply repeats.
    pub unique: u64,
    /// The file or directory that the request refers to.
    pub node: u64,
    pub uid: u32,
    pub gid: u32,
    body: &'a [u8],
}

impl<'a> Request<'a> {
    pub fn parse(bytes: &'a [u8]) -> Self {
        let header = Self { opcode: None, unique: 0, node: 0, uid: 0, gid: 0, body: bytes };
        let opcode = Opcode::ALL.into_iter().find(|&opcode| opcode as u32 == header.u32(4));
        let (uid, gid) = (header.u32(24), header.u32(28));
        Self { opcode, unique: header.u64(8), node: header.u64(16), uid, gid, body: &bytes[HEADER..] }
    }

    /// The number at offset `at` of the body.
    pub fn u32(&self, at: usize) -> u32 {
        u32::from_ne_bytes(self.body[at..at + 4].try_into().unwrap())
    }

    /// The number at offset `at` of the body.
    pub fn u64(&self, at: usize) -> u64 {
        u64::from_ne_bytes(self.body[at..at + 8].try_into().unwrap())
    }

    /// The bytes of the body from offset `at`.
    pub fn rest(&self, at: usize) -> &'a [u8] {
        &self.body[at..]
    }

    /// The `nth` of the NUL-terminated names from offset `at`.
    pub fn name(&self, at: usize, nth: usize) -> &'a OsStr {
        OsStr::from_bytes(self.rest(at).split(|&byte| byte == 0).nth(nth).unwrap())
    }
}

/// The body of a reply.
#[derive(Default)]
pub struct Reply(Vec<u8>);

impl Reply {
    pub fn u16(mut self, number: u16) -> Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    pub fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    pub fn u64(mut self, number: u64) -> Self {
        self.0.extend(number.to_ne_bytes());
        self
    }

    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    /// Pads with zeros to a multiple of 8 bytes.
    pub fn aligned(mut self) -> Self {
        self.0.resize(self.0.len().next_multiple_of(8), 0);
        self
    }

    pub fn reply(self, other: Self) -> Self {
        self.bytes(&other.0)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The reply to INIT.
    pub fn init() -> Self {
        let begins = Self::default().u32(VERSION.0).u32(VERSION.1).u32(MAX_WRITE).u32(BIG_WRITES);
        // No limits for background requests, times in nanoseconds, and no newer feature.
        begins.u16(0).u16(0).u32(MAX_WRITE).u32(1).bytes(&[0; 36])
    }
}

/// The encoded reply to the request with this number.
pub fn answer(unique: u64, reply: Result<Reply, Errno>) -> Vec<u8> {
    let (error, body) = match reply {
        Ok(Reply(body)) => (0, body),
        Err(error) => (-error.raw_os_error(), Vec::new()),
    };
    let header = Reply::default().u32(16 + body.len() as u32).u32(error as u32).u64(unique);
    header.bytes(&body).0
}
