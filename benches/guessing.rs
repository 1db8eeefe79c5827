//! The speed of the parts of parallel decompression: the block finder, and the replacement of markers.
//!
//! `cargo bench --bench guessing`. The finder's speed is in compressed bytes, that of the markers in bytes of content.

#![allow(clippy::unwrap_used, missing_docs)]

mod data;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::{Compress, Compression, FlushCompress};

use gzcc::decoder_parts::block_finder::find_block;
use gzcc::decoder_parts::markers::{MARKER, ResolvedWindow, last_marker, resolve};
use gzcc::deflate::WINDOW;

use data::Random;

/// Finds all blocks of a stream, and searches random data, where none is.
fn finder(c: &mut Criterion) {
    let mut stream = Vec::with_capacity(16 << 20);
    Compress::new(Compression::new(6), false)
        .compress_vec(&data::text(16 << 20), &mut stream, FlushCompress::Finish)
        .unwrap();
    let mut random = Random(1);
    let noise: Vec<u8> = (0..4 << 20).map(|_| random.below(256) as u8).collect();
    let mut group = c.benchmark_group("finder");
    for (name, data) in [("text", &stream), ("random", &noise)] {
        group.throughput(Throughput::Bytes(data.len() as u64));
        let end = 8 * data.len() as u64;
        group.bench_function(name, |b| {
            b.iter(|| {
                let first = find_block(black_box(data), 0..end);
                std::iter::successors(first, |found| find_block(data, found + 1..end)).count()
            });
        });
    }
    group.finish();
}

/// Runs of bytes and runs of markers. `percent` percent of the symbols are markers.
fn symbols(percent: usize) -> Vec<u16> {
    let mut random = Random(7);
    let mut symbols = Vec::new();
    while symbols.len() < 4 << 20 {
        let length = 3 + random.below(60);
        let start = random.below(WINDOW - length) as u16;
        let marked = random.below(100) < percent;
        symbols.extend((start..start + length as u16).map(|i| if marked { MARKER | i } else { i & 0xff }));
    }
    symbols
}

fn markers(c: &mut Criterion) {
    let window = ResolvedWindow::new(&data::text(WINDOW));
    let mut group = c.benchmark_group("markers");
    for percent in [0, 5, 50, 100] {
        let symbols = symbols(percent);
        let mut out = vec![0; symbols.len()];
        group.throughput(Throughput::Bytes(out.len() as u64));
        group.bench_function(format!("resolve, {percent} %"), |b| {
            b.iter(|| resolve(black_box(&symbols), &window, &mut out).unwrap());
        });
    }
    let symbols = symbols(100);
    group.throughput(Throughput::Bytes(WINDOW as u64));
    group.bench_function("window after", |b| b.iter(|| window.after(black_box(&symbols))));
    let unmarked = vec![1; 2 * WINDOW];
    group.throughput(Throughput::Bytes(unmarked.len() as u64));
    group.bench_function("last marker", |b| b.iter(|| last_marker(black_box(&unmarked))));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_secs(1));
    targets = finder, markers
}
criterion_main!(benches);
