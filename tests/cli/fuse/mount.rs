//! Mounts and unmounts: with the system call as root, with fusermount3 as any other user.

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

/// A mounted file system, served by a thread until it is dropped.
pub struct Mount {
    directory: PathBuf,
    server: Option<JoinHandle<()>>,
}

impl Mount {
    /// Mounts a file system over `directory`, and runs `serve` with the FUSE device.
    pub fn new(directory: &Path, serve: impl FnOnce(File) + Send + 'static) -> io::Result<Self> {
        let directory = directory.canonicalize()?;
        let device = if is_root() { mount_as_root(&directory)? } else { mount_as_anyone(&directory)? };
        let server = Some(std::thread::spawn(move || serve(device)));
        Ok(Self { directory, server })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Detached, because a process that outlives its test may still have a file open.
        let detached = match is_root() {
            true => unmount(&self.directory, UnmountFlags::DETACH).is_ok(),
            false => Command::new("fusermount3").args(["-q", "-u", "-z", "--"]).arg(&self.directory).status().is_ok(),
        };
        if let Some(server) = self.server.take().filter(|_| detached) {
            let _ = server.join();
        }
    }
}

fn mount_as_root(directory: &Path) -> io::Result<File> {
    let device = OpenOptions::new().read(true).write(true).open("/dev/fuse")?;
    let mode = directory.metadata()?.mode();
    let fd = device.as_raw_fd();
    let options = format!("fd={fd},rootmode={mode:o},user_id=0,group_id=0,default_permissions,allow_other");
    let options = CString::new(options)?;
    mount("gzcc-test", directory, "fuse", MountFlags::NOSUID | MountFlags::NODEV, &*options)?;
    Ok(device)
}

/// fusermount3 receives the number of a socket in the environment, and sends the opened device through it.
fn mount_as_anyone(directory: &Path) -> io::Result<File> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut command = Command::new("fusermount3");
    command.args(["-o", "fsname=gzcc-test,default_permissions", "--"]).arg(directory).env("_FUSE_COMMFD", "0");
    let finished = command.stdin(Stdio::from(OwnedFd::from(theirs))).stdout(Stdio::null()).output()?;
    // Closes the other end of the socket.
    drop(command);
    if !finished.status.success() {
        return Err(io::Error::other(String::from_utf8_lossy(&finished.stderr).trim().to_owned()));
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
