//! One worker, threads and rayon on three workloads: many small files, one large file, and both.
//!
//! `cargo bench --bench schedulers`; `-- small`, `-- big` or `-- mix` for one part, `-- --quick` for a rough result.

#![allow(clippy::unwrap_used, missing_docs)]

mod data;

use std::ffi::OsString;
use std::fs;
use std::num::NonZeroUsize;
use std::time::Duration;

use criterion::{BatchSize, Criterion, SamplingMode, Throughput, criterion_group, criterion_main};

use gzcc::compress;
use gzcc::settings::{Scheduler, Settings};

/// Sizes of the small files, repeated in this order: from 300 bytes to 42 KB, with a median of 6 KB.
const SMALL: [usize; 8] = [300, 1_500, 3_000, 5_000, 7_000, 11_000, 20_000, 42_000];

fn bench_files(c: &mut Criterion, name: &str, sizes: &[usize]) {
    let text = data::text(sizes.iter().copied().max().unwrap() + 100_000);
    let directory = data::directory();
    let inputs: Vec<OsString> = sizes
        .iter()
        .enumerate()
        .map(|(i, &size)| {
            let path = directory.path().join(i.to_string());
            let start = i * 97 % 100_000;
            fs::write(&path, &text[start..start + size]).unwrap();
            path.into()
        })
        .collect();
    let remove_outputs = || {
        for input in &inputs {
            let mut output = input.clone();
            output.push(".gz");
            let _ = fs::remove_file(output);
        }
    };
    let mut group = c.benchmark_group(name);
    group.sampling_mode(SamplingMode::Flat);
    group.throughput(Throughput::Bytes(sizes.iter().sum::<usize>() as u64));
    for (name, jobs, scheduler) in [
        ("sequential", NonZeroUsize::MIN, Scheduler::Threads),
        ("threads", Settings::default().jobs, Scheduler::Threads),
        ("rayon", Settings::default().jobs, Scheduler::Rayon),
    ] {
        let settings = Settings { inputs: inputs.clone(), jobs, scheduler, ..Settings::default() };
        group.bench_function(name, |b| {
            b.iter_batched(
                remove_outputs,
                |()| assert_eq!(compress(&settings, &()).unwrap().done, sizes.len() as u64),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn small(c: &mut Criterion) {
    bench_files(c, "small", &SMALL.repeat(100));
}

fn big(c: &mut Criterion) {
    bench_files(c, "big", &[16 << 20]);
}

fn mix(c: &mut Criterion) {
    // The large file comes last: a scheduler that distributes whole files leaves the other workers idle.
    bench_files(c, "mix", &[SMALL.repeat(30), vec![12 << 20]].concat());
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = small, big, mix
}
criterion_main!(benches);
