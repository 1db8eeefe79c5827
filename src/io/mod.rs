//! The file system: directories, inputs, outputs and their metadata, through descriptors.
//!
//! Opens, reads, writes, names and removes files. It must not know blocks, workers or the compression; the caller
//! passes what may be replaced or removed.

pub(crate) mod acl;
pub(crate) mod bgzf_blocks;
#[cfg(feature = "batch")]
pub mod closing;
pub(crate) mod commit_gate;
pub(crate) mod directory;
pub(crate) mod file_status;
pub(crate) mod input;
#[cfg(feature = "batch")]
pub(crate) mod install_tree;
#[cfg(feature = "batch")]
pub(crate) mod known_file;
pub(crate) mod memory_file;
pub(crate) mod metadata;
pub(crate) mod naming_method;
#[cfg(feature = "batch")]
pub(crate) mod output;
#[cfg(feature = "batch")]
pub(crate) mod positioned_file;
pub(crate) mod positioned_reader;
pub(crate) mod same_file;
pub(crate) mod sequential_reader;
#[cfg(feature = "batch")]
pub(crate) mod sparse;
pub(crate) mod stated_length;
#[cfg(feature = "batch")]
pub(crate) mod temporary;
pub(crate) mod transfer;
