//! The settings that the workers of a stream need: a part of those of a run over files, and all of those of an encoder.

use std::num::{NonZeroU64, NonZeroUsize};

use super::{ContentRange, Engine, Format, Scheduler};
use crate::inflate::ForeignData;

/// What workers do with the inputs of a stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamSettings {
    /// The DEFLATE engine.
    pub engine: Engine,
    /// Compression level, 0 to the engine's [`max_level`](Engine::max_level).
    pub level: u8,
    /// The format that is written.
    pub format: Format,
    /// The number of workers, the calling thread included.
    pub jobs: NonZeroUsize,
    /// How work is distributed among them.
    pub scheduler: Scheduler,
    /// Compress each block without the preceding 32 KiB as dictionary.
    pub independent: bool,
    /// End blocks where the content decides.
    pub rsyncable: bool,
    /// Decompress the output and compare it with the input.
    pub verify: bool,
    /// The inputs are gzip data, which is inflated. Otherwise they are content, which is compressed.
    pub reads_gzip: bool,
    /// The content of the inputs is compressed again.
    pub recompresses: bool,
    /// The inputs whose data is copied unchanged if it is not gzip data.
    pub copy_foreign: CopyForeign,
    /// Decodes the other formats that gunzip reads: LZW, pack, LZH, and the first entry of a zip file.
    pub other_formats: bool,
    /// A single byte after the last member, other than zero, is an error.
    pub refuses_lone_byte: bool,
    /// Store each input's name in its header.
    pub keep_name: bool,
    /// Store each input's modification time in its header, or report the stored one.
    pub keep_time: bool,
    /// Warn about an input whose time the header cannot hold.
    pub warns_about_time: bool,
    /// Discard outputs that are not this many percent smaller than their original.
    pub only_smaller: Option<u8>,
    /// The largest number of bytes that an input may expand to.
    pub max_size: Option<u64>,
    /// Memory in bytes that the run may use; `None` is the limit of the container.
    pub memory: Option<u64>,
    /// Length of the chunks of a compressed file; `None` for the usual one.
    pub chunk_length: Option<NonZeroU64>,
    /// Decode damaged inputs as far as possible, with this byte for unknown ones.
    pub salvage: Option<u8>,
    /// Originals are removed.
    pub removes: bool,
    /// The sink receives the points for an index.
    pub index: bool,
    /// The part of the content that is written.
    pub range: Option<ContentRange>,
}

/// The inputs whose data is copied unchanged if it is not gzip data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CopyForeign {
    /// None.
    None,
    /// Standard input.
    Stdin,
    /// All.
    All,
}

impl StreamSettings {
    /// Settings that compress with this engine at this level, and the defaults of everything else.
    pub(crate) fn compressing(engine: Engine, level: u8, jobs: NonZeroUsize) -> Self {
        Self {
            engine,
            level,
            format: Format::Gzip,
            jobs,
            scheduler: Scheduler::Threads,
            independent: false,
            rsyncable: false,
            verify: false,
            reads_gzip: false,
            recompresses: false,
            copy_foreign: CopyForeign::None,
            other_formats: false,
            refuses_lone_byte: false,
            keep_name: false,
            keep_time: false,
            warns_about_time: false,
            only_smaller: None,
            max_size: None,
            memory: None,
            chunk_length: None,
            salvage: None,
            removes: false,
            index: false,
            range: None,
        }
    }

    /// Whether gzip data is written.
    pub(crate) fn writes_gzip(&self) -> bool {
        !self.reads_gzip || self.recompresses
    }

    /// Whether the newlines of the content have to be counted.
    pub(crate) fn needs_lines(&self) -> bool {
        self.index || matches!(self.range, Some(ContentRange::Lines(_) | ContentRange::Tail(_)))
    }

    /// What happens to data of an input that is not gzip data.
    pub(crate) fn foreign_data(&self, from_stdin: bool) -> ForeignData {
        let is_copied = match self.copy_foreign {
            CopyForeign::None => false,
            CopyForeign::Stdin => from_stdin,
            CopyForeign::All => true,
        };
        ForeignData { other_formats: self.other_formats, is_copied, refuses_lone_byte: self.refuses_lone_byte }
    }
}
