//! The speed of the engines at each level, and the overhead of a whole run over the engine alone.
//!
//! `cargo bench --bench engine`; `-- levels` or `-- one-worker` for one part, `-- --quick` for a rough result.

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod data;

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use flate2::Crc;

use gzcc::compress;
use gzcc::deflate::{self, BLOCK, WINDOW, WindowBuffer};
use gzcc::settings::{DEFAULT_ENGINE, DEFAULT_LEVEL, Destination, Engine, Settings};

/// Compresses `data` block by block in memory and computes the CRC, which is the minimum work of a run. Returns the size.
fn bare_loop(kind: Engine, level: u8, data: &[u8]) -> usize {
    let mut compressor = deflate::new_compressor(kind, level);
    let mut buffer = WindowBuffer::new();
    let mut out = Vec::new();
    let mut size = 0;
    for start in (0..=data.len()).step_by(BLOCK) {
        let input = &data[start..data.len().min(start + BLOCK)];
        let window = start.min(WINDOW);
        out.clear();
        compressor.compress_block(
            buffer.fill(&data[start - window..start + input.len()]),
            window..window + input.len(),
            input.len() < BLOCK,
            &mut out,
        );
        let mut crc = Crc::new();
        crc.update(input);
        black_box(crc.sum());
        size += out.len();
    }
    size
}

/// Each level of each engine on the same 4 MiB.
fn levels(c: &mut Criterion) {
    let data = data::text(4 << 20);
    let mut group = c.benchmark_group("levels");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Bytes(data.len() as u64));
    for kind in Engine::ALL {
        for level in 0..=kind.max_level() {
            group.bench_function(format!("{} {level}", kind.name()), |b| b.iter(|| bare_loop(kind, level, &data)));
        }
    }
    group.finish();
}

/// A run with one worker, from a file to /dev/null, compared with the bare loop over the same blocks.
fn one_worker(c: &mut Criterion) {
    let data = data::text(24 << 20);
    let directory = data::directory();
    let path = directory.path().join("big");
    std::fs::write(&path, &data).unwrap();
    let settings = Settings {
        inputs: vec![path.into()],
        jobs: NonZeroUsize::MIN,
        destination: Destination::File("/dev/null".into()),
        ..Settings::default()
    };
    print_ratio(
        "run -j1 / bare loop",
        || assert_eq!(compress(&settings, &()).unwrap().done, 1),
        || assert_ne!(bare_loop(DEFAULT_ENGINE, DEFAULT_LEVEL, &data), 0),
    );
    let mut group = c.benchmark_group("one-worker");
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Bytes(data.len() as u64));
    group.bench_function("bare loop", |b| b.iter(|| bare_loop(DEFAULT_ENGINE, DEFAULT_LEVEL, &data)));
    group.bench_function("run -j1", |b| b.iter(|| assert_eq!(compress(&settings, &()).unwrap().done, 1)));
    group.finish();
}

/// Times two functions alternately, so that a drift of the machine's speed affects both, and prints the median ratio.
fn print_ratio(name: &str, mut a: impl FnMut(), mut b: impl FnMut()) {
    let time = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let mut ratios: Vec<f64> = (0..ROUNDS).map(|_| time(&mut a) / time(&mut b)).collect();
    ratios.sort_by(f64::total_cmp);
    println!("{name}: {:.3} (median of {ROUNDS} pairs)", ratios[ROUNDS / 2]);
}

/// Pairs that [`print_ratio`] times. An odd number, so that the median is a measured ratio; 15 pairs take a few seconds.
const ROUNDS: usize = 15;

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = levels, one_worker
}
criterion_main!(benches);
