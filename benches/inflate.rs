//! The speed of decompressing one large file: decoder and CRC alone in memory, one worker, and all workers; and the same for
//! BGZF, whose members are decompressed in parallel.
//!
//! `cargo bench --bench inflate`. The runs only test the file (`-t`), so writing is not measured.

#![allow(clippy::unwrap_used, missing_docs)]

mod data;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use flate2::{Compress, Compression, Crc, Decompress, FlushCompress, FlushDecompress, Status};

use gzcc::decompress;
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
    group.bench_function("bare loop", |b| b.iter(|| black_box(bare_loop(&member[10..]))));
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

/// Inflates DEFLATE data in chunks into one buffer; returns the CRC.
fn bare_loop(mut data: &[u8]) -> u32 {
    let (mut decoder, mut crc) = (Decompress::new(false), Crc::new());
    let mut chunk = Vec::with_capacity(gzcc::deflate::BLOCK);
    loop {
        chunk.clear();
        let before = decoder.total_in();
        let status = decoder.decompress_vec(data, &mut chunk, FlushDecompress::None).unwrap();
        data = &data[(decoder.total_in() - before) as usize..];
        crc.update(&chunk);
        if status == Status::StreamEnd {
            return crc.sum();
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
    targets = one_large_file
}
criterion_main!(benches);
