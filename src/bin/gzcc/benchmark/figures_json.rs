//! The figures as JSON, one object per line: one for each level, and a summary.
//!
//! The man page has the schema (section JSON). Fields may be added; the meaning of a field never changes.

use gzcc::Tally;
use gzcc::settings::Settings;
use serde::Serialize;

use super::figures::{Figures, Results};
use crate::report::{Report, SummaryHead, json_line};

/// The object of a level.
#[derive(Serialize)]
struct LevelObject {
    r#type: &'static str,
    level: u8,
    bytes_in: u64,
    bytes_out: Option<u64>,
    compress: Option<DirectionObject>,
    decompress: Option<DirectionObject>,
    status: &'static str,
}

/// The figures of compression or decompression.
#[derive(Serialize)]
struct DirectionObject {
    seconds: f64,
    seconds_min: f64,
    seconds_max: f64,
    mb_per_second: Option<f64>,
}

/// The object of the whole benchmark.
#[derive(Serialize)]
struct BenchmarkObject {
    #[serde(flatten)]
    head: SummaryHead,
    rounds: usize,
    seconds: f64,
    engine: &'static str,
    rsyncable: bool,
    verify: bool,
    workers: usize,
    scheduler: &'static str,
    exit_status: u8,
}

/// All lines of the report.
pub(super) fn lines(results: &Results, settings: &Settings, report: &Report) -> serde_json::Result<String> {
    let &Results { files, bytes_in, rounds, seconds, .. } = results;
    let mut text = String::new();
    for level in &results.levels {
        let measured = level.measured.as_ref();
        text += &json_line(&LevelObject {
            r#type: "level",
            level: level.level,
            bytes_in,
            bytes_out: measured.map(|measured| measured.bytes_out),
            compress: measured.map(|measured| direction(&measured.compress, bytes_in)),
            decompress: measured.map(|measured| direction(&measured.decompress, bytes_in)),
            status: if measured.is_some() { "done" } else { "failed" },
        })?;
    }
    let Tally { skipped, failed, .. } = report.tally();
    text += &json_line(&BenchmarkObject {
        head: SummaryHead { r#type: "summary", mode: "benchmark", done: files, skipped, failed, bytes_in },
        rounds,
        seconds,
        engine: settings.engine.name(),
        rsyncable: settings.rsyncable,
        verify: settings.verify,
        workers: settings.jobs.get(),
        scheduler: settings.scheduler.name(),
        exit_status: report.status().code(),
    })?;
    Ok(text)
}

fn direction(figures: &Figures, content: u64) -> DirectionObject {
    let Figures { median, min, max } = *figures;
    DirectionObject { seconds: median, seconds_min: min, seconds_max: max, mb_per_second: figures.speed(content) }
}
