//! POSIX access ACLs: reading, narrowing and setting them through a descriptor.
//!
//! What an ACL grants is decided here alone. Only its entries are known, not which users belong to which group, so
//! everything that is narrowed assumes that any user may be in any group.

use std::io;
use std::os::fd::BorrowedFd;

use rustix::io::{Errno, retry_on_intr};

/// Extended attribute that holds a file's access ACL (acl(5)).
const ACCESS_ACL: &str = "system.posix_acl_access";

/// Bytes of an ACL of 511 entries, which is read with one call.
const USUAL_SIZE: usize = 4096;

/// Most bytes of an extended attribute (xattr(7)).
const MAX_SIZE: usize = 64 * 1024;

/// The attribute's version, its first four bytes. Linux has no other one.
const VERSION: [u8; 4] = 2u32.to_le_bytes();

/// What an entry is about (Linux: posix_acl.h).
mod tag {
    pub const OWNER: u16 = 0x01;
    pub const USER: u16 = 0x02;
    pub const OWNING_GROUP: u16 = 0x04;
    pub const GROUP: u16 = 0x08;
    pub const MASK: u16 = 0x10;
    pub const OTHER: u16 = 0x20;
}

/// An access ACL that says more than a mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acl(Vec<AclEntry>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AclEntry {
    tag: u16,
    permissions: u16,
    /// The user or group of a named entry.
    id: u32,
}

impl Acl {
    /// That of the file or directory `fd`; `None` if its mode says all.
    pub fn of(fd: BorrowedFd<'_>) -> rustix::io::Result<Option<Self>> {
        let mut usual = [0; USUAL_SIZE];
        let mut large;
        let get = |buffer: &mut [u8]| retry_on_intr(|| rustix::fs::fgetxattr(fd, ACCESS_ACL, &mut *buffer));
        let value = match get(&mut usual) {
            Ok(size) => &usual[..size],
            Err(Errno::RANGE) => {
                large = vec![0; MAX_SIZE];
                let size = get(&mut large)?;
                &large[..size]
            }
            Err(Errno::NODATA | Errno::NOTSUP) => return Ok(None),
            Err(error) => return Err(error),
        };
        Self::parse(value).map(Some).ok_or(Errno::INVAL)
    }

    /// Removes the ACL of `fd`, if it has one.
    pub fn remove(fd: BorrowedFd<'_>) -> io::Result<()> {
        match retry_on_intr(|| rustix::fs::fremovexattr(fd, ACCESS_ACL)) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Gives this ACL, and the mode that goes with it, to `fd`, which has a mode of 0600.
    pub fn set(&self, fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
        let value = self.value();
        retry_on_intr(|| rustix::fs::fsetxattr(fd, ACCESS_ACL, &value, rustix::fs::XattrFlags::empty()))?;
        let stat = retry_on_intr(|| rustix::fs::fstat(fd))?;
        if stat.st_mode & 0o777 == self.mode() {
            return Ok(());
        }
        // Some file systems store the attribute and do not enforce it. There the mode's group bits, which are the mask,
        // would hold for the owning group.
        match Self::remove(fd) {
            Ok(()) => Err(Errno::OPNOTSUPP),
            Err(error) => Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
        }
    }

    /// From the attribute's value: the version, and for each entry a tag of 16 bits, permissions of 16 bits and an id
    /// of 32 bits, little-endian (Linux: posix_acl_xattr.h).
    fn parse(value: &[u8]) -> Option<Self> {
        let entries = value.strip_prefix(&VERSION)?.chunks(8).map(|entry| {
            let [t0, t1, p0, p1, i0, i1, i2, i3] = *entry else { return None };
            Some(AclEntry {
                tag: u16::from_le_bytes([t0, t1]),
                permissions: u16::from_le_bytes([p0, p1]),
                id: u32::from_le_bytes([i0, i1, i2, i3]),
            })
        });
        let acl = Self(entries.collect::<Option<_>>()?);
        let has = |tag| acl.0.iter().filter(|entry| entry.tag == tag).count() == 1;
        let is_whole = [tag::OWNER, tag::OWNING_GROUP, tag::OTHER].into_iter().all(has);
        let known = tag::OWNER | tag::USER | tag::OWNING_GROUP | tag::GROUP | tag::MASK | tag::OTHER;
        let is_known = acl.0.iter().all(|entry| entry.tag.is_power_of_two() && entry.tag & known != 0);
        (is_whole && is_known).then_some(acl)
    }

    fn value(&self) -> Vec<u8> {
        let mut value = Vec::from(VERSION);
        for AclEntry { tag, permissions, id } in &self.0 {
            value.extend(tag.to_le_bytes());
            value.extend(permissions.to_le_bytes());
            value.extend(id.to_le_bytes());
        }
        value
    }

    /// The mode that a file with this ACL has: its group bits are the mask.
    pub fn mode(&self) -> u32 {
        let group = if self.has_mask() { tag::MASK } else { tag::OWNING_GROUP };
        self.granted(tag::OWNER) << 6 | self.granted(group) << 3 | self.granted(tag::OTHER)
    }

    /// For a file of another group. Members of that group may have been others, members of the old one become others,
    /// and either may be in a named group, which grants less than the owning group would.
    pub fn without_group(mut self) -> Self {
        let (group, other) = (self.effective(tag::OWNING_GROUP), self.granted(tag::OTHER));
        let named = self.common(tag::GROUP);
        self.narrow(tag::OWNING_GROUP, group & other & named);
        self.narrow(tag::OTHER, group & other);
        self
    }

    /// For a directory that only its owner may write to, and may do everything in.
    pub fn for_own_directory(mut self) -> Self {
        for entry in &mut self.0 {
            entry.permissions = if entry.tag == tag::OWNER { 0o7 } else { entry.permissions & 0o5 };
        }
        self
    }

    /// The mode of a file that cannot have the ACL. The owning group gets what it had, and other what they had, but for
    /// what a user or group that is named had not: these belong to group or other then.
    pub fn mode_alone(&self, group_kept: bool) -> u32 {
        let (group, other) = (self.effective(tag::OWNING_GROUP), self.granted(tag::OTHER));
        let (users, groups) = (self.common(tag::USER), self.common(tag::GROUP));
        let (group, other) = match group_kept {
            true => (group & users, other & users & groups),
            false => (group & other & users & groups, group & other & users & groups),
        };
        self.granted(tag::OWNER) << 6 | group << 3 | other
    }

    fn has_mask(&self) -> bool {
        self.0.iter().any(|entry| entry.tag == tag::MASK)
    }

    /// What all entries of this kind have in common, without the mask.
    fn granted(&self, tag: u16) -> u32 {
        let entries = self.0.iter().filter(|entry| entry.tag == tag);
        entries.fold(0o7, |common, entry| common & u32::from(entry.permissions))
    }

    /// What the entry of this kind grants under the mask, which holds for all but owner and other.
    fn effective(&self, tag: u16) -> u32 {
        self.granted(tag) & self.granted(tag::MASK)
    }

    /// What all named entries of this kind grant; everything if there are none.
    fn common(&self, tag: u16) -> u32 {
        if self.0.iter().any(|entry| entry.tag == tag) { self.effective(tag) } else { 0o7 }
    }

    fn narrow(&mut self, tag: u16, permissions: u32) {
        self.0.iter_mut().filter(|entry| entry.tag == tag).for_each(|entry| entry.permissions = permissions as u16);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_ID: u32 = u32::MAX;

    /// With these permissions of owner, owning group, mask and other, and these named users and groups.
    fn acl([owner, group, mask, other]: [u16; 4], users: &[u16], groups: &[u16]) -> Acl {
        let one = |tag, permissions| AclEntry { tag, permissions, id: NO_ID };
        let named = |tag, permissions: &[u16]| -> Vec<AclEntry> {
            (1000..).zip(permissions).map(|(id, &permissions)| AclEntry { tag, permissions, id }).collect()
        };
        let (owner, group) = (vec![one(tag::OWNER, owner)], vec![one(tag::OWNING_GROUP, group)]);
        let end = vec![one(tag::MASK, mask), one(tag::OTHER, other)];
        Acl([owner, named(tag::USER, users), group, named(tag::GROUP, groups), end].concat())
    }

    #[test]
    fn a_value_is_read_as_it_is_written_and_others_are_refused() {
        let acl = acl([6, 4, 6, 0], &[4, 6], &[0]);
        let value = acl.value();
        assert_eq!(Acl::parse(&value), Some(acl));
        assert_eq!(value.len(), 4 + 7 * 8);
        let mut unknown = value.clone();
        unknown[4] = 0x40;
        let mut version = value.clone();
        version[0] = 1;
        for bad in [&value[..value.len() - 1], &value[..12], &value[..4], &[], &unknown, &version] {
            assert_eq!(Acl::parse(bad), None);
        }
    }

    #[test]
    fn the_modes_group_bits_are_the_mask() {
        assert_eq!(acl([6, 0, 4, 0], &[4], &[]).mode(), 0o640);
        assert_eq!(acl([7, 7, 5, 1], &[], &[7]).mode(), 0o751);
    }

    #[test]
    fn without_its_acl_a_file_grants_group_and_other_nothing_new() {
        // A user that is named gets less than before, the owning group what it had.
        assert_eq!(acl([6, 4, 4, 0], &[4], &[]).mode_alone(true), 0o640);
        assert_eq!(acl([6, 0, 4, 0], &[4], &[]).mode_alone(true), 0o600);
        assert_eq!(acl([6, 6, 4, 4], &[6], &[6]).mode_alone(true), 0o644);
        // A user that is shut out may be in the owning group; members of a group that is shut out may be others.
        assert_eq!(acl([6, 4, 4, 4], &[0], &[]).mode_alone(true), 0o600);
        assert_eq!(acl([6, 4, 4, 4], &[], &[0]).mode_alone(true), 0o640);
        // Without the group as well, both have what all had.
        assert_eq!(acl([6, 4, 4, 0], &[4], &[]).mode_alone(false), 0o600);
        assert_eq!(acl([6, 6, 6, 4], &[6], &[6]).mode_alone(false), 0o644);
        assert_eq!(acl([6, 6, 6, 4], &[6], &[0]).mode_alone(false), 0o600);
    }

    #[test]
    fn another_group_gets_what_group_and_other_both_had() {
        assert_eq!(acl([6, 4, 4, 0], &[4], &[4]).without_group(), acl([6, 0, 4, 0], &[4], &[4]));
        assert_eq!(acl([6, 6, 6, 4], &[0], &[6]).without_group(), acl([6, 4, 6, 4], &[0], &[6]));
        assert_eq!(acl([6, 0, 6, 4], &[6], &[]).without_group(), acl([6, 0, 6, 0], &[6], &[]));
        assert_eq!(acl([6, 6, 0, 4], &[6], &[]).without_group(), acl([6, 0, 0, 0], &[6], &[]));
        // Members of a group that is shut out stay so.
        assert_eq!(acl([6, 4, 4, 4], &[], &[0]).without_group(), acl([6, 0, 4, 4], &[], &[0]));
    }

    #[test]
    fn only_the_owner_writes_to_a_mirrored_directory() {
        assert_eq!(acl([5, 7, 7, 7], &[7], &[3]).for_own_directory(), acl([7, 5, 5, 5], &[5], &[1]));
    }
}
