//! Mounting and unmounting: by the system call as root, through fusermount3 as anyone else.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSliceMut};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use crate::harness::is_root;

/// A file system that is mounted and served by a thread until it is dropped.
pub struct Mount {
    place: PathBuf,
    server: Option<JoinHandle<()>>,
}

impl Mount {
    /// Mounts a file system over the folder `place`, and has `serve` answer what comes in on the device.
    pub fn new(place: &Path, serve: impl FnOnce(File) + Send + 'static) -> io::Result<Self> {
        let place = place.canonicalize()?;
        let device = if is_root() { mount_as_root(&place)? } else { mount_as_anyone(&place)? };
        let server = Some(std::thread::spawn(move || serve(device)));
        Ok(Self { place, server })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Whatever still has a file open there, as a process that outlives its test does, keeps it until it closes that.
        let detached = match is_root() {
            true => unmount(&self.place, UnmountFlags::DETACH).is_ok(),
            false => Command::new("fusermount3").args(["-q", "-u", "-z", "--"]).arg(&self.place).status().is_ok(),
        };
        if let Some(server) = self.server.take().filter(|_| detached) {
            let _ = server.join();
        }
    }
}

fn mount_as_root(place: &Path) -> io::Result<File> {
    let device = OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
    let mode = place.metadata()?.mode();
    let fd = device.as_raw_fd();
    let options = format!("fd={fd},rootmode={mode:o},user_id=0,group_id=0,default_permissions,allow_other");
    let options = CString::new(options)?;
    mount("gzcc-test", place, "fuse", MountFlags::NOSUID | MountFlags::NODEV, &*options)?;
    Ok(device)
}

/// fusermount3 is told the number of a socket, and sends the opened device through it.
fn mount_as_anyone(place: &Path) -> io::Result<File> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new("fusermount3");
    command.args(["-o", "fsname=gzcc-test,default_permissions", "--"]).arg(place).env("_FUSE_COMMFD", "0");
    let told = command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).output()?;
    // The other end of the socket.
    drop(command);
    if !told.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&told.stderr).trim().to_owned()));
    }
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    recvmsg(&ours, &mut [IoSliceMut::new(&mut [0])], &mut ancillary, RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT)?;
    let mut sent = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
        _ => None,
    });
    sent.next().map(File::from).ok_or_else(|| io::Error::other("fusermount3 sent no device"))
}
