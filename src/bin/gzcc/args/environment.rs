//! The environment variables that gzcc reads: defaults for options, and gzip's option variables.
//!
//! No variable can make gzcc remove or replace a file.

use std::ffi::OsString;
use std::num::NonZeroUsize;

use super::UsageError;
use super::values::{jobs, level, size};
use gzcc::EscapedName;

/// The unparsed values of the variables.
#[derive(Default)]
pub(crate) struct Environment {
    /// `GZCC_JOBS`: the default of `--jobs`.
    pub(crate) jobs: Option<OsString>,
    /// `GZCC_LEVEL`: the default level.
    pub(crate) level: Option<OsString>,
    /// `GZCC_MEMORY`: the default of `--memory`.
    pub(crate) memory: Option<OsString>,
    /// `GZIP`: options that precede those of the command line. This and the following variables apply only under gzip's
    /// and pigz's names, the ones above only under the name gzcc.
    pub(crate) gzip: Option<OsString>,
    /// `PIGZ`: more options, under pigz's names.
    pub(crate) pigz: Option<OsString>,
    /// `POSIXLY_CORRECT` is set.
    pub(crate) posixly_correct: bool,
}

/// Defaults from the environment for options that are not given.
#[derive(Default)]
pub(super) struct EnvDefaults {
    pub(super) jobs: Option<NonZeroUsize>,
    pub(super) level: Option<u8>,
    pub(super) memory: Option<u64>,
}

impl Environment {
    /// The environment of this process.
    pub(crate) fn of_process() -> Self {
        Self {
            jobs: std::env::var_os("GZCC_JOBS"),
            level: std::env::var_os("GZCC_LEVEL"),
            memory: std::env::var_os("GZCC_MEMORY"),
            gzip: std::env::var_os("GZIP"),
            pigz: std::env::var_os("PIGZ"),
            posixly_correct: std::env::var_os("POSIXLY_CORRECT").is_some(),
        }
    }

    /// Parses the variables that apply under the name gzcc. An invalid value is an error even if an option overrides it: the
    /// next command without that option would fail.
    pub(super) fn defaults(&self) -> Result<EnvDefaults, UsageError> {
        Ok(EnvDefaults {
            jobs: value("GZCC_JOBS", self.jobs.as_ref(), jobs)?,
            level: value("GZCC_LEVEL", self.level.as_ref(), level)?,
            memory: value("GZCC_MEMORY", self.memory.as_ref(), |text| size(text).map_err(str::to_owned))?,
        })
    }
}

/// The parsed value of a variable; `None` if it is not set or empty.
fn value<T>(
    name: &str,
    value: Option<&OsString>,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, UsageError> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = value.to_str().ok_or_else(|| "no text".to_owned());
    text.and_then(parse).map(Some).map_err(|reason| {
        UsageError(format!(
            "gzcc: invalid value '{}' for {name}: {reason}",
            EscapedName::bytes(value.as_encoded_bytes())
        ))
    })
}
