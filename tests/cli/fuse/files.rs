//! A file system in memory that answers FUSE requests, with configurable quirks of other file systems.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::io::Errno;

use super::wire::{Opcode, Reply, Request};

/// Node number of the root in the protocol.
const ROOT: u64 = 1;

const KIND: u32 = 0o170_000;
const DIRECTORY: u32 = 0o040_000;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_000;

/// Values of O_EXCL, O_ACCMODE and RENAME_NOREPLACE in the protocol.
const EXCL: u32 = 0o200;
const ACCESS: u32 = 3;
const NOREPLACE: u32 = 1;

/// Added to the listing offset of a name that is listed a second time.
const SECOND_LISTING: u64 = 1 << 32;

/// Deviations from a local file system.
#[derive(Clone, Copy, Debug)]
pub struct Quirks {
    /// Unnamed files (O_TMPFILE) are refused.
    pub no_unnamed: bool,
    /// Every hard link is refused with this error.
    pub no_links: Option<Errno>,
    /// Renames with NOREPLACE are refused with this error.
    pub no_noreplace: Option<Errno>,
    /// Times are stored in whole seconds.
    pub whole_seconds: bool,
    /// Each stat reports another inode number.
    pub new_inodes: bool,
    /// Each stat reports another ctime.
    pub new_ctimes: bool,
    /// Each name in a directory is listed twice.
    pub repeats: bool,
    /// Closing a file that was opened for writing fails with this error, and the written data is lost.
    pub no_close: Option<Errno>,
    /// Every sync of a file fails with this error.
    pub no_fsync: Option<Errno>,
    /// Changing the mode of a directory fails with this error.
    pub no_directory_modes: Option<Errno>,
}

impl Quirks {
    /// No deviation.
    pub const NONE: Self = Self {
        no_unnamed: false,
        no_links: None,
        no_noreplace: None,
        whole_seconds: false,
        new_inodes: false,
        new_ctimes: false,
        repeats: false,
        no_close: None,
        no_fsync: None,
        no_directory_modes: None,
    };
}

/// A name in a directory.
#[derive(Clone, Copy, Debug)]
struct NameEntry {
    node: u64,
    /// Its offset in listings. It stays the same while other names are added and removed.
    position: u64,
}

#[derive(Debug, Default)]
struct Node {
    mode: u32,
    owner: (u32, u32),
    links: u32,
    content: Vec<u8>,
    entries: BTreeMap<OsString, NameEntry>,
    /// Access, modification and change time, in seconds and nanoseconds since 1970.
    times: [(u64, u32); 3],
}

/// The files, and a record of the requests.
#[derive(Debug)]
pub struct Files {
    pub quirks: Quirks,
    /// All requests so far, in order.
    pub requests: Vec<Opcode>,
    nodes: BTreeMap<u64, Node>,
    /// Number of attributes reported so far.
    stats: u64,
    /// Number of names created so far.
    names_created: u64,
}

type Answer = Result<Reply, Errno>;

impl Files {
    pub fn new(quirks: Quirks, owner: (u32, u32)) -> Self {
        let root = Node { mode: DIRECTORY | 0o755, owner, links: 2, times: [now(); 3], ..Node::default() };
        Self { quirks, requests: Vec::new(), nodes: BTreeMap::from([(ROOT, root)]), stats: 0, names_created: 0 }
    }

    pub fn answer(&mut self, request: &Request<'_>) -> Answer {
        let opcode = request.opcode.ok_or(Errno::NOSYS)?;
        self.requests.push(opcode);
        match opcode {
            Opcode::Init => Ok(Reply::init()),
            Opcode::Lookup => self.lookup(request),
            Opcode::Getattr => Ok(self.attributes(request.node)),
            Opcode::Setattr => self.set(request),
            Opcode::Mkdir => self.make(request, DIRECTORY | request.u32(0), Some(request.name(8, 0))),
            Opcode::Symlink => self.symlink(request),
            Opcode::Readlink => Ok(Reply::default().bytes(&self.node(request.node).content)),
            Opcode::Create => self.create(request),
            Opcode::Tmpfile => self.make_unnamed(request),
            Opcode::Link => self.link(request),
            Opcode::Unlink | Opcode::Rmdir => self.remove(request, opcode == Opcode::Rmdir),
            Opcode::Rename => self.rename(request, 0, 8),
            Opcode::Rename2 => self.rename(request, request.u32(8), 16),
            // Each request repeats the flags, so no state is needed.
            Opcode::Open | Opcode::Opendir => Ok(Self::opened(request.u32(0))),
            Opcode::Read => Ok(self.read(request)),
            Opcode::Write => Ok(self.write(request)),
            Opcode::Readdir => Ok(self.list(request)),
            Opcode::Flush => self.flush(request),
            Opcode::Statfs => Ok(Self::space()),
            Opcode::Fsync => self.quirks.no_fsync.map_or_else(|| Ok(Reply::default()), Err),
            Opcode::Release | Opcode::Releasedir | Opcode::Fsyncdir => Ok(Reply::default()),
            Opcode::Forget | Opcode::ForgetMany | Opcode::Interrupt => Err(Errno::NOSYS),
        }
    }

    fn node(&mut self, number: u64) -> &mut Node {
        self.nodes.get_mut(&number).unwrap()
    }

    fn node_of(&mut self, directory: u64, name: &OsStr) -> Option<u64> {
        self.node(directory).entries.get(name).map(|entry| entry.node)
    }

    fn enter(&mut self, directory: u64, name: &OsStr, node: u64) {
        self.names_created += 1;
        let entry = NameEntry { node, position: self.names_created };
        self.node(directory).entries.insert(name.to_owned(), entry);
    }

    fn lookup(&mut self, request: &Request<'_>) -> Answer {
        let found = self.node_of(request.node, request.name(0, 0)).ok_or(Errno::NOENT)?;
        Ok(self.entry(found))
    }

    /// `struct fuse_attr`.
    fn attr(&mut self, number: u64, reply: Reply) -> Reply {
        self.stats += 1;
        let (stats, quirks) = (self.stats, self.quirks);
        let node = self.node(number);
        let mut times = node.times;
        if quirks.new_ctimes {
            times[2].0 += stats;
        }
        let inode = if quirks.new_inodes { 1_000_000 + stats } else { number };
        let size = node.content.len() as u64;
        let reply =
            times.iter().fold(reply.u64(inode).u64(size).u64(size.div_ceil(512)), |reply, time| reply.u64(time.0));
        let reply = times.iter().fold(reply, |reply, time| reply.u32(time.1));
        reply.u32(node.mode).u32(node.links).u32(node.owner.0).u32(node.owner.1).u32(0).u32(4096).u32(0)
    }

    /// `struct fuse_attr_out`, with a timeout of 0 so that the kernel asks again each time.
    fn attributes(&mut self, number: u64) -> Reply {
        self.attr(number, Reply::default().u64(0).u64(0))
    }

    /// `struct fuse_entry_out`, with timeouts of 0 so that the kernel asks again each time.
    fn entry(&mut self, number: u64) -> Reply {
        self.attr(number, Reply::default().u64(number).u64(0).u64(0).u64(0).u64(0))
    }

    /// `struct fuse_open_out`, with the flags as the file handle.
    fn opened(flags: u32) -> Reply {
        Reply::default().u64(flags.into()).u64(0)
    }

    fn space() -> Reply {
        let reply = [1 << 20, 1 << 20, 1 << 20, 1 << 20, 1 << 20].into_iter().fold(Reply::default(), Reply::u64);
        reply.u32(4096).u32(255).u32(4096).bytes(&[0; 28])
    }

    /// A time in the stored resolution.
    fn stored(&self, time: (u64, u32)) -> (u64, u32) {
        if self.quirks.whole_seconds { (time.0, 0) } else { time }
    }

    fn touch(&mut self, number: u64, modified: bool) {
        let time = self.stored(now());
        let times = &mut self.node(number).times;
        times[2] = time;
        if modified {
            times[1] = time;
        }
    }

    fn set(&mut self, request: &Request<'_>) -> Answer {
        let valid = request.u32(0);
        let has = |bit: u32| valid >> bit & 1 == 1;
        let mut times = [None; 2];
        for (which, time) in times.iter_mut().enumerate() {
            if has(4 + which as u32) {
                // With FATTR_ATIME_NOW and FATTR_MTIME_NOW, the kernel sends the time too.
                *time = Some(self.stored((request.u64(32 + 8 * which), request.u32(56 + 4 * which))));
            }
        }
        let refused = self.quirks.no_directory_modes;
        let node = self.node(request.node);
        if let Some(refused) = refused.filter(|_| has(0) && node.mode & KIND == DIRECTORY) {
            return Err(refused);
        }
        if has(0) {
            node.mode = node.mode & KIND | request.u32(68) & !KIND;
        }
        if has(1) {
            node.owner.0 = request.u32(76);
        }
        if has(2) {
            node.owner.1 = request.u32(80);
        }
        if has(3) {
            node.content.resize(request.u64(16) as usize, 0);
        }
        self.touch(request.node, has(3));
        for (which, time) in times.into_iter().enumerate() {
            if let Some(time) = time {
                self.node(request.node).times[which] = time;
            }
        }
        Ok(self.attributes(request.node))
    }

    /// Creates a file or directory under `name`, or an unnamed file.
    fn make(&mut self, request: &Request<'_>, mode: u32, name: Option<&OsStr>) -> Answer {
        if name.is_some_and(|name| self.node_of(request.node, name).is_some()) {
            return Err(Errno::EXIST);
        }
        let number = self.nodes.len() as u64 + ROOT;
        let links = u32::from(name.is_some());
        let times = [self.stored(now()); 3];
        let owner = (request.uid, request.gid);
        self.nodes.insert(number, Node { mode, owner, links, times, ..Node::default() });
        if let Some(name) = name {
            self.enter(request.node, name, number);
            self.touch(request.node, true);
        }
        Ok(self.entry(number))
    }

    fn symlink(&mut self, request: &Request<'_>) -> Answer {
        let (name, target) = (request.name(0, 0), request.name(0, 1));
        let entry = self.make(request, LINK | 0o777, Some(name))?;
        if let Some(number) = self.node_of(request.node, name) {
            self.node(number).content = target.as_bytes().to_vec();
        }
        Ok(entry)
    }

    fn create(&mut self, request: &Request<'_>) -> Answer {
        let (flags, name) = (request.u32(0), request.name(16, 0));
        let entry = match self.node_of(request.node, name) {
            Some(found) if flags & EXCL == 0 => self.entry(found),
            _ => self.make(request, FILE | request.u32(4) & !KIND, Some(name))?,
        };
        Ok(entry.u64(flags.into()).u64(0))
    }

    fn make_unnamed(&mut self, request: &Request<'_>) -> Answer {
        if self.quirks.no_unnamed {
            return Err(Errno::NOSYS);
        }
        let entry = self.make(request, FILE | request.u32(4) & !KIND, None)?;
        Ok(entry.u64(request.u32(0).into()).u64(0))
    }

    fn link(&mut self, request: &Request<'_>) -> Answer {
        let (number, name) = (request.u64(0), request.name(8, 0));
        match (self.quirks.no_links, self.node_of(request.node, name)) {
            (Some(refused), _) => return Err(refused),
            (None, Some(_)) => return Err(Errno::EXIST),
            (None, None) => {}
        }
        self.enter(request.node, name, number);
        self.node(number).links += 1;
        self.touch(number, false);
        self.touch(request.node, true);
        Ok(self.entry(number))
    }

    fn remove(&mut self, request: &Request<'_>, directory: bool) -> Answer {
        let name = request.name(0, 0);
        let number = self.node_of(request.node, name).ok_or(Errno::NOENT)?;
        if directory && !self.node(number).entries.is_empty() {
            return Err(Errno::NOTEMPTY);
        }
        self.node(request.node).entries.remove(name);
        self.node(number).links -= 1;
        self.touch(number, false);
        self.touch(request.node, true);
        Ok(Reply::default())
    }

    fn rename(&mut self, request: &Request<'_>, flags: u32, names: usize) -> Answer {
        let (to_directory, from, to) = (request.u64(0), request.name(names, 0), request.name(names, 1));
        match self.quirks.no_noreplace {
            Some(refused) if flags != 0 => return Err(refused),
            _ if flags & !NOREPLACE != 0 => return Err(Errno::INVAL),
            _ => {}
        }
        let number = self.node_of(request.node, from).ok_or(Errno::NOENT)?;
        let replaced = self.node_of(to_directory, to);
        if flags & NOREPLACE != 0 && replaced.is_some() {
            return Err(Errno::EXIST);
        }
        self.node(request.node).entries.remove(from);
        self.enter(to_directory, to, number);
        if let Some(replaced) = replaced {
            self.node(replaced).links -= 1;
        }
        self.touch(number, false);
        self.touch(request.node, true);
        self.touch(to_directory, true);
        Ok(Reply::default())
    }

    fn read(&mut self, request: &Request<'_>) -> Reply {
        let (offset, size) = (request.u64(8) as usize, request.u32(16) as usize);
        let content = &self.node(request.node).content;
        let rest = content.get(offset..).unwrap_or(&[]);
        Reply::default().bytes(&rest[..rest.len().min(size)])
    }

    fn write(&mut self, request: &Request<'_>) -> Reply {
        let (offset, size) = (request.u64(8) as usize, request.u32(16) as usize);
        let content = &mut self.node(request.node).content;
        content.resize(content.len().max(offset + size), 0);
        content[offset..offset + size].copy_from_slice(&request.rest(40)[..size]);
        self.touch(request.node, true);
        Reply::default().u32(size as u32).u32(0)
    }

    fn list(&mut self, request: &Request<'_>) -> Reply {
        let (offset, size) = (request.u64(8), request.u32(16) as usize);
        let entries = self.node(request.node).entries.iter();
        let mut names: Vec<(u64, OsString, u64)> =
            entries.map(|(name, entry)| (entry.position, name.clone(), entry.node)).collect();
        if self.quirks.repeats {
            let again: Vec<_> =
                names.iter().map(|(position, name, node)| (SECOND_LISTING + position, name.clone(), *node)).collect();
            names.extend(again);
        }
        names.sort();
        let mut listed = Reply::default();
        for (position, name, node) in names.into_iter().filter(|(position, ..)| *position > offset) {
            let kind = self.node(node).mode >> 12;
            let entry = Reply::default().u64(node).u64(position).u32(name.len() as u32).u32(kind);
            let entry = entry.bytes(name.as_bytes()).aligned();
            if listed.len() + entry.len() > size {
                break;
            }
            listed = listed.reply(entry);
        }
        listed
    }

    fn flush(&mut self, request: &Request<'_>) -> Answer {
        match self.quirks.no_close {
            // The file handle consists of the flags that the file was opened with.
            Some(refused) if request.u64(0) as u32 & ACCESS != 0 => {
                self.node(request.node).content.clear();
                Err(refused)
            }
            _ => Ok(Reply::default()),
        }
    }
}

fn now() -> (u64, u32) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    (now.as_secs(), now.subsec_nanos())
}
