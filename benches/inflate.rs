//! The speed of decompressing one large file: the decoder of each engine alone in memory, one worker, and all workers; and the
//! same for BGZF, whose members are decompressed in parallel.
//!
//! `cargo bench --bench inflate`. The runs only test the file (`-t`), so writing is not measured. The decoders also decode each
//! file of the directory in `GZCC_BENCH_FILES`, compressed at level 6.

#![allow(clippy::unwrap_used, missing_docs)]

mod data;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};

use gzcc::decoder_parts::{DecodeStatus, DeflateDecoder};
use gzcc::decompress;
use gzcc::deflate::{BLOCK, WINDOW};
use gzcc::settings::{Destination, Mode, Settings};

/// Bytes of content in a BGZF block, as written by bgzip.
const BGZF_BLOCK: usize = 0xff00;

fn one_large_file(c: &mut Criterion) {
    let text = data::text(48 << 20);
    let directory = data::directory();
    let (plain, bgzf) = (directory.path().join("plain.gz"), directory.path().join("bgzf.gz"));
    let member = member(&[], &text);
    std::fs::write(&plain, &member).unwrap();
    std::fs::write(&bgzf, text.chunks(BGZF_BLOCK).flat_map(bgzf_block).collect::<Vec<u8>>()).unwrap();

    let mut group = c.benchmark_group("inflate");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Bytes(text.len() as u64));
    decoders(&mut group, "text", &member[10..]);
    for (name, path, jobs) in [
        ("plain, one worker", &plain, NonZeroUsize::MIN),
        ("plain, all", &plain, Settings::default().jobs),
        ("bgzf, one worker", &bgzf, NonZeroUsize::MIN),
        ("bgzf, all", &bgzf, Settings::default().jobs),
    ] {
        group.bench_function(name, |b| b.iter(|| test(path, jobs)));
    }
    group.finish();
}

fn test(path: &Path, jobs: NonZeroUsize) {
    let settings = Settings {
        inputs: vec![path.into()],
        mode: Mode::Test,
        destination: Destination::Discard,
        jobs,
        ..Settings::default()
    };
    assert_eq!(decompress(&settings, &()).unwrap().done, 1);
}

/// The files of the directory in `GZCC_BENCH_FILES`.
fn given_files(c: &mut Criterion) {
    let Some(directory) = std::env::var_os("GZCC_BENCH_FILES") else {
        return;
    };
    let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut group = c.benchmark_group("inflate files");
    for path in paths.iter().filter(|path| path.is_file()) {
        let content = std::fs::read(path).unwrap();
        group.throughput(Throughput::Bytes(content.len() as u64));
        decoders(&mut group, &path.file_name().unwrap().to_string_lossy(), &member(&[], &content)[10..]);
    }
    group.finish();
}

/// The decoders of both engines, alone.
fn decoders(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, data: &[u8]) {
    let (mut decoder, mut output) = (DeflateDecoder::new(), vec![0; WINDOW + BLOCK]);
    group.bench_function(format!("{name}, native alone"), |b| {
        b.iter(|| black_box(decode(&mut decoder, data, &mut output)));
    });
    group.bench_function(format!("{name}, flate2 alone"), |b| b.iter(|| black_box(decode_with_flate2(data))));
}

/// Decodes into one buffer, which also holds the history; returns the length of the content.
fn decode(decoder: &mut DeflateDecoder, data: &[u8], output: &mut [u8]) -> usize {
    decoder.restart();
    let (mut consumed, mut at, mut length) = (0, 0, 0);
    loop {
        let decoded = decoder.decode(&data[consumed..], output, at).unwrap();
        consumed += decoded.consumed;
        at += decoded.produced;
        length += decoded.produced;
        match decoded.status {
            DecodeStatus::StreamEnd => return length,
            DecodeStatus::OutputFull => {
                output.copy_within(at - WINDOW.., 0);
                at = WINDOW;
            }
            DecodeStatus::BlockEnd | DecodeStatus::NeedsInput => {}
        }
    }
}

/// Decodes in pieces into one buffer; returns the length of the content.
fn decode_with_flate2(data: &[u8]) -> u64 {
    let mut decoder = Decompress::new(false);
    let mut piece = Vec::with_capacity(BLOCK);
    loop {
        piece.clear();
        let consumed = decoder.total_in() as usize;
        let status = decoder.decompress_vec(&data[consumed..], &mut piece, FlushDecompress::None).unwrap();
        if status == Status::StreamEnd {
            return decoder.total_out();
        }
    }
}

/// A gzip member with `content` and the extra field `extra`.
fn member(extra: &[u8], content: &[u8]) -> Vec<u8> {
    let mut member = vec![0x1f, 0x8b, 8, if extra.is_empty() { 0 } else { 4 }, 0, 0, 0, 0, 0, 3];
    if !extra.is_empty() {
        member.extend((extra.len() as u16).to_le_bytes());
        member.extend(extra);
    }
    let mut data = Vec::with_capacity(content.len() + 1000);
    let status = Compress::new(Compression::new(6), false).compress_vec(content, &mut data, FlushCompress::Finish);
    assert_eq!(status.unwrap(), Status::StreamEnd);
    let mut crc = Crc::new();
    crc.update(content);
    member.extend(data);
    member.extend(crc.sum().to_le_bytes());
    member.extend((content.len() as u32).to_le_bytes());
    member
}

/// A BGZF block with `content`. Its extra field contains the size of the member minus one.
fn bgzf_block(content: &[u8]) -> Vec<u8> {
    let mut block = member(b"BC\x02\0\0\0", content);
    let size = (block.len() - 1) as u16;
    block[16..18].copy_from_slice(&size.to_le_bytes());
    block
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = one_large_file, given_files
}
criterion_main!(benches);
