//! Tests of the command from outside: what a user at a shell or a script can observe.
//!
//! One module per topic; test names are sentences; expected results come from other decoders.

#![allow(clippy::unwrap_used, clippy::print_stderr)]
#![allow(unreachable_pub, reason = "a test binary has no public API, so `pub` means the same as `pub(crate)`")]

#[macro_use]
#[path = "../programs/mod.rs"]
mod programs;

mod harness;

mod arguments;
mod benchmark;
mod bgzf;
mod changing;
mod choosing;
mod closed;
mod cluster;
mod combinations;
mod completions;
mod damage;
mod decoders;
mod decompress;
mod directories;
mod disk;
mod environment;
mod faults;
mod fuse;
mod gnu;
mod growing;
mod gzi;
mod help;
mod indexing;
mod inflating;
mod install_docs;
mod integration;
mod kills;
mod legacy_formats;
mod limits;
mod lists;
mod messages;
mod metadata;
mod originals;
mod outputs;
mod packages;
mod pigz;
mod power;
mod promises;
mod properties;
mod races;
mod ranges;
mod recompress;
mod replacing;
mod reporting;
mod resources;
mod rsyncable;
mod salvage;
mod shards;
mod signals;
mod skipping;
mod smaller;
mod sparse;
mod startup;
mod stopped;
mod streams;
mod terminal;
mod traced;
mod update;
mod verify;
mod watchers;
mod watching;
