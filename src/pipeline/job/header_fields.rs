//! The original's name and time, as an input's gzip header holds them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::error::Error;
use crate::escaped_name::EscapedName;
use crate::format::gzip::{MemberStart, ParsedHeader, ReadError};
use crate::io::input::Input;
use crate::io::metadata::Metadata;
use crate::outcome::Outcome;
use crate::select::suffix;
use crate::settings::Settings;

/// Maximum number of bytes of a bad name in a message.
const SHOWN_BYTES: usize = 255;

/// The fields of an input's header that the settings ask for.
#[derive(Default)]
pub(super) struct HeaderFields {
    name: Option<Vec<u8>>,
    mtime: Option<i64>,
}

impl HeaderFields {
    /// Reads the header of `input`, if the settings ask for one of its fields.
    pub(super) fn of(input: &Input, settings: &Settings) -> Result<Self, Outcome> {
        if !(settings.reads_gzip() && (settings.keep_name || settings.keep_time)) {
            return Ok(Self::default());
        }
        let ParsedHeader { name, mtime, .. } = match input.gzip_header() {
            Some(Ok(MemberStart::Member(header))) => header,
            Some(Err(ReadError::Source(error))) => return Err(error.into()),
            // The stream reports data that does not begin with a header.
            _ => return Ok(Self::default()),
        };
        let mtime = (settings.keep_time && mtime != 0).then_some(mtime.into());
        Ok(Self { name: name.filter(|_| settings.keep_name), mtime })
    }

    /// The name of the output, if the header holds a name.
    ///
    /// # Errors
    /// If the header's name cannot be that of a file.
    pub(super) fn output_name(&self) -> Result<Option<OsString>, Outcome> {
        let Some(name) = &self.name else { return Ok(None) };
        let restored = suffix::restored(name).ok_or_else(|| {
            let shown = EscapedName::bytes(&name[..name.len().min(SHOWN_BYTES)]);
            Error::other(format_args!("its header holds a name that cannot be used ({shown})"))
        });
        Ok(Some(restored?))
    }

    /// The last component of the header's name, for messages.
    pub(super) fn last_component(&self) -> Option<OsString> {
        self.name.as_ref().map(|name| OsString::from_vec(suffix::last_part(name).to_vec()))
    }

    /// `metadata` with the header's time, if there is one.
    pub(super) fn apply(&self, metadata: Metadata) -> Metadata {
        match self.mtime {
            Some(mtime) => metadata.modified_at(mtime),
            None => metadata,
        }
    }
}
