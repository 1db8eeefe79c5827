//! What of the environment counts. Nothing in it can make gzcc remove or replace a file.

use std::ffi::OsString;
use std::num::NonZeroUsize;

use super::Usage;
use super::values::{jobs, level, size};
use gzcc::escaped_name::Shown;

/// Values of the variables that count, as they are.
#[derive(Default)]
pub(crate) struct Environment {
    /// `GZCC_JOBS`: workers where no option tells.
    pub(crate) jobs: Option<OsString>,
    /// `GZCC_LEVEL`: the level where no option tells.
    pub(crate) level: Option<OsString>,
    /// `GZCC_MEMORY`: the budget where no option tells.
    pub(crate) memory: Option<OsString>,
    /// `GZIP`: options that come first. This and what follows count under gzip's names alone, and those above elsewhere.
    pub(crate) gzip: Option<OsString>,
    /// `PIGZ`: more of them, under pigz' names.
    pub(crate) pigz: Option<OsString>,
    /// `POSIXLY_CORRECT` is set.
    pub(crate) posixly_correct: bool,
}

/// What the variables ask for.
#[derive(Default)]
pub(super) struct Wishes {
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

    /// What is asked for, also where an option asks for something else: who set a variable to nonsense wants to know.
    pub(super) fn wishes(&self) -> Result<Wishes, Usage> {
        Ok(Wishes {
            jobs: value("GZCC_JOBS", self.jobs.as_ref(), jobs)?,
            level: value("GZCC_LEVEL", self.level.as_ref(), level)?,
            memory: value("GZCC_MEMORY", self.memory.as_ref(), |text| size(text).map_err(str::to_owned))?,
        })
    }
}

/// The value of a variable; one that is empty is as good as not set.
fn value<T>(
    name: &str,
    value: Option<&OsString>,
    read: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, Usage> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let text = value.to_str().ok_or_else(|| "no text".to_owned());
    text.and_then(read).map(Some).map_err(|reason| {
        Usage(format!("gzcc: invalid value '{}' for {name}: {reason}", Shown::bytes(value.as_encoded_bytes())))
    })
}
