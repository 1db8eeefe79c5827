//! POSIX access ACLs (acl(5)): reading, narrowing and setting them through a descriptor.
//!
//! Only this module interprets the entries of an ACL. It does not know which users belong to which group, so every
//! narrowing assumes that any user may be in any group: an error in it would grant access (P4).

use std::io;
use std::os::fd::BorrowedFd;

use rustix::io::{Errno, retry_on_intr};

/// Extended attribute that holds a file's access ACL (acl(5)).
const ACCESS_ACL: &str = "system.posix_acl_access";

/// Bytes of an ACL of 511 entries. One call reads an ACL up to this size; a longer one takes a second call.
const USUAL_SIZE: usize = 4096;

/// Largest size of an extended attribute in bytes (xattr(7)).
const MAX_SIZE: usize = 64 * 1024;

/// The first four bytes of the attribute. Linux defines no other version.
const VERSION: [u8; 4] = 2u32.to_le_bytes();

/// Kinds of entries (Linux: posix_acl.h).
mod tag {
    pub(super) const OWNER: u16 = 0x01;
    pub(super) const USER: u16 = 0x02;
    pub(super) const OWNING_GROUP: u16 = 0x04;
    pub(super) const GROUP: u16 = 0x08;
    pub(super) const MASK: u16 = 0x10;
    pub(super) const OTHER: u16 = 0x20;
}

/// An access ACL that a mode cannot express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acl(Vec<AclEntry>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct AclEntry {
    tag: u16,
    permissions: u16,
    /// The user or group id of a named entry.
    id: u32,
}

impl Acl {
    /// Reads the ACL of the file or directory `fd`. `None` if it has only a mode.
    pub(crate) fn of(fd: BorrowedFd<'_>) -> rustix::io::Result<Option<Self>> {
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
    pub(crate) fn remove(fd: BorrowedFd<'_>) -> io::Result<()> {
        match retry_on_intr(|| rustix::fs::fremovexattr(fd, ACCESS_ACL)) {
            Ok(()) | Err(Errno::NODATA | Errno::NOTSUP) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets this ACL, and with it the mode, on `fd`, which has the mode 0600.
    pub(crate) fn set(&self, fd: BorrowedFd<'_>) -> rustix::io::Result<()> {
        let value = self.value();
        retry_on_intr(|| rustix::fs::fsetxattr(fd, ACCESS_ACL, &value, rustix::fs::XattrFlags::empty()))?;
        let stat = retry_on_intr(|| rustix::fs::fstat(fd))?;
        if stat.st_mode & 0o777 == self.mode() {
            return Ok(());
        }
        // Some file systems store the attribute and do not enforce it. On those, the group bits of the mode, which are
        // the mask, would apply to the owning group.
        match Self::remove(fd) {
            Ok(()) => Err(Errno::OPNOTSUPP),
            Err(error) => Err(Errno::from_io_error(&error).unwrap_or(Errno::IO)),
        }
    }

    /// Parses the attribute's value: the version, then for each entry a 16-bit tag, 16-bit permissions and a 32-bit id,
    /// little-endian (Linux: posix_acl_xattr.h). `None` if the value is malformed or contains an unknown entry.
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

    /// The attribute's value.
    fn value(&self) -> Vec<u8> {
        let mut value = Vec::from(VERSION);
        for AclEntry { tag, permissions, id } in &self.0 {
            value.extend(tag.to_le_bytes());
            value.extend(permissions.to_le_bytes());
            value.extend(id.to_le_bytes());
        }
        value
    }

    /// The mode of a file with this ACL. Its group bits are the mask.
    pub(crate) fn mode(&self) -> u32 {
        let group = if self.has_mask() { tag::MASK } else { tag::OWNING_GROUP };
        self.granted(tag::OWNER) << 6 | self.granted(group) << 3 | self.granted(tag::OTHER)
    }

    /// This ACL, narrowed for a file that has another group. Before, members of the new group may have been in "other";
    /// now members of the old group are. Members of both may also be in a named group that grants less.
    pub(crate) fn without_group(mut self) -> Self {
        let (group, other) = (self.effective(tag::OWNING_GROUP), self.granted(tag::OTHER));
        let named = self.common(tag::GROUP);
        self.narrow(tag::OWNING_GROUP, group & other & named);
        self.narrow(tag::OTHER, group & other);
        self
    }

    /// This ACL, changed so that the owner has all permissions and only the owner may write: for a copied directory.
    pub(crate) fn for_own_directory(mut self) -> Self {
        for entry in &mut self.0 {
            entry.permissions = if entry.tag == tag::OWNER { 0o7 } else { entry.permissions & 0o5 };
        }
        self
    }

    /// The mode of a file that cannot have the ACL. Group and other keep their permissions, minus those that a named
    /// user or group did not have: without the ACL, named users and groups fall under group or other.
    pub(crate) fn mode_alone(&self, group_kept: bool) -> u32 {
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

    /// Permissions that all entries of this kind grant, without the mask; all permissions if there are none.
    fn granted(&self, tag: u16) -> u32 {
        let entries = self.0.iter().filter(|entry| entry.tag == tag);
        entries.fold(0o7, |common, entry| common & u32::from(entry.permissions))
    }

    /// Permissions of the entries of this kind, limited by the mask. The mask applies to all but owner and other.
    fn effective(&self, tag: u16) -> u32 {
        self.granted(tag) & self.granted(tag::MASK)
    }

    /// Permissions that all named entries of this kind grant, limited by the mask; all permissions if there are none.
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

    /// An ACL with these permissions of owner, owning group, mask and other, and of named users and groups.
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
    fn a_value_round_trips_and_malformed_values_are_refused() {
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
    fn the_group_bits_of_the_mode_are_the_mask() {
        assert_eq!(acl([6, 0, 4, 0], &[4], &[]).mode(), 0o640);
        assert_eq!(acl([7, 7, 5, 1], &[], &[7]).mode(), 0o751);
    }

    #[test]
    fn without_its_acl_a_file_grants_group_and_other_nothing_new() {
        // A named user loses permissions; the owning group keeps its own.
        assert_eq!(acl([6, 4, 4, 0], &[4], &[]).mode_alone(true), 0o640);
        assert_eq!(acl([6, 0, 4, 0], &[4], &[]).mode_alone(true), 0o600);
        assert_eq!(acl([6, 6, 4, 4], &[6], &[6]).mode_alone(true), 0o644);
        // A named user without access may be in the owning group; members of a named group without access may be in
        // other.
        assert_eq!(acl([6, 4, 4, 4], &[0], &[]).mode_alone(true), 0o600);
        assert_eq!(acl([6, 4, 4, 4], &[], &[0]).mode_alone(true), 0o640);
        // If the group is lost too, group and other get only the permissions that all had.
        assert_eq!(acl([6, 4, 4, 0], &[4], &[]).mode_alone(false), 0o600);
        assert_eq!(acl([6, 6, 6, 4], &[6], &[6]).mode_alone(false), 0o644);
        assert_eq!(acl([6, 6, 6, 4], &[6], &[0]).mode_alone(false), 0o600);
    }

    #[test]
    fn a_new_group_gets_only_the_permissions_that_group_and_other_both_had() {
        assert_eq!(acl([6, 4, 4, 0], &[4], &[4]).without_group(), acl([6, 0, 4, 0], &[4], &[4]));
        assert_eq!(acl([6, 6, 6, 4], &[0], &[6]).without_group(), acl([6, 4, 6, 4], &[0], &[6]));
        assert_eq!(acl([6, 0, 6, 4], &[6], &[]).without_group(), acl([6, 0, 6, 0], &[6], &[]));
        assert_eq!(acl([6, 6, 0, 4], &[6], &[]).without_group(), acl([6, 0, 0, 0], &[6], &[]));
        // Members of a named group without access get none.
        assert_eq!(acl([6, 4, 4, 4], &[], &[0]).without_group(), acl([6, 0, 4, 4], &[], &[0]));
    }

    #[test]
    fn only_the_owner_may_write_to_a_copied_directory() {
        assert_eq!(acl([5, 7, 7, 7], &[7], &[3]).for_own_directory(), acl([7, 5, 5, 5], &[5], &[1]));
    }
}
