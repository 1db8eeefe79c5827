//! The parameters that an encoder and a run over files have in common, and the output of both.

use std::io::Write;
use std::num::NonZeroUsize;

use gzcc::settings::{DEFAULT_ENGINE, DEFAULT_LEVEL, Engine, Format, Scheduler};
use gzcc::{EncoderOptions, with_encoder};

/// How content is compressed.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    pub engine: Engine,
    pub level: u8,
    pub format: Format,
    pub jobs: NonZeroUsize,
    pub scheduler: Scheduler,
    pub independent: bool,
    pub rsyncable: bool,
    pub verify: bool,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            engine: DEFAULT_ENGINE,
            level: DEFAULT_LEVEL,
            format: Format::Gzip,
            jobs: std::thread::available_parallelism().unwrap(),
            scheduler: Scheduler::Threads,
            independent: false,
            rsyncable: false,
            verify: false,
        }
    }
}

pub(crate) fn jobs(jobs: usize) -> NonZeroUsize {
    jobs.try_into().unwrap()
}

/// The numbers of workers and schedulers that take different paths.
pub(crate) fn worker_parameters() -> impl Iterator<Item = Parameters> {
    let parameters = [
        (1, Scheduler::Threads),
        (2, Scheduler::Threads),
        (5, Scheduler::Threads),
        (1, Scheduler::Rayon),
        (4, Scheduler::Rayon),
    ];
    let of = |(number, scheduler)| Parameters { jobs: jobs(number), scheduler, ..Parameters::default() };
    parameters.into_iter().map(of)
}

/// The same for runs over files.
#[cfg(feature = "batch")]
pub(crate) fn worker_settings() -> impl Iterator<Item = gzcc::Settings> {
    worker_parameters().map(|parameters| settings(&parameters))
}

/// Settings of a run with these parameters.
#[cfg(feature = "batch")]
fn settings(parameters: &Parameters) -> gzcc::Settings {
    let Parameters { engine, level, format, jobs, scheduler, independent, rsyncable, verify } = *parameters;
    gzcc::Settings {
        engine,
        level,
        format,
        scheduler,
        independent,
        rsyncable,
        verify,
        ..gzcc::Settings::of_workers(jobs)
    }
}

/// Options of an encoder with these parameters.
pub(crate) fn options(parameters: &Parameters) -> EncoderOptions {
    let Parameters { engine, level, format, jobs, scheduler, independent, rsyncable, verify } = *parameters;
    let options = EncoderOptions::default().engine(engine).level(level).workers(jobs.get()).scheduler(scheduler);
    options.format(format).independent(independent).rsyncable(rsyncable).verify(verify)
}

/// The encoder's output for `content`, written in pieces of `piece` bytes.
pub(crate) fn encoded(content: &[u8], piece: usize, parameters: &Parameters) -> Vec<u8> {
    let write = |to: &mut gzcc::Encoder<_>| content.chunks(piece).try_for_each(|piece| to.write_all(piece));
    with_encoder(Vec::new(), &options(parameters), write).unwrap().0
}

/// The output of a run over a file with this content.
#[cfg(feature = "batch")]
pub(crate) fn compressed_as_a_file(content: &[u8], parameters: &Parameters) -> Vec<u8> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("f");
    std::fs::write(&file, content).unwrap();
    let settings = gzcc::Settings { inputs: vec![file.into()], ..settings(parameters) };
    assert_eq!(gzcc::compress(&settings, &()).unwrap().done, 1);
    std::fs::read(directory.path().join("f.gz")).unwrap()
}

/// Without runs over files: the output of one worker that gets the content in one piece.
#[cfg(not(feature = "batch"))]
pub(crate) fn compressed_as_a_file(content: &[u8], parameters: &Parameters) -> Vec<u8> {
    let one = Parameters { jobs: NonZeroUsize::MIN, ..parameters.clone() };
    encoded(content, content.len().max(1), &one)
}
