//! The figures for machines: a JSON object a line, for each level and then for all.
//!
//! The man page has the schema (section JSON). Fields may be added; the meaning of a field never changes.

use gzcc::settings::Settings;
use serde::Serialize;

use super::figures::{Figures, Results};
use crate::report::Report;

/// A level.
#[derive(Serialize)]
struct Level {
    r#type: &'static str,
    level: u8,
    bytes_in: u64,
    bytes_out: Option<u64>,
    compress: Option<Work>,
    decompress: Option<Work>,
    status: &'static str,
}

/// What one direction took.
#[derive(Serialize)]
struct Work {
    seconds: f64,
    seconds_min: f64,
    seconds_max: f64,
    mb_per_second: Option<f64>,
}

/// What all of it was.
#[derive(Serialize)]
struct Summary {
    r#type: &'static str,
    mode: &'static str,
    done: u64,
    skipped: u64,
    failed: u64,
    bytes_in: u64,
    rounds: usize,
    seconds: f64,
    engine: &'static str,
    rsyncable: bool,
    verify: bool,
    workers: usize,
    scheduler: &'static str,
    exit_status: u8,
}

/// All lines.
pub(super) fn lines(results: &Results, settings: &Settings, report: &Report) -> serde_json::Result<String> {
    let &Results { files, bytes_in, rounds, seconds, .. } = results;
    let mut text = String::new();
    for level in &results.levels {
        let measured = level.measured.as_ref();
        put(
            &mut text,
            &Level {
                r#type: "level",
                level: level.level,
                bytes_in,
                bytes_out: measured.map(|measured| measured.bytes_out),
                compress: measured.map(|measured| work(&measured.compress, bytes_in)),
                decompress: measured.map(|measured| work(&measured.decompress, bytes_in)),
                status: if measured.is_some() { "done" } else { "failed" },
            },
        )?;
    }
    let summary = Summary {
        r#type: "summary",
        mode: "benchmark",
        done: files,
        skipped: report.tally().skipped,
        failed: report.tally().failed,
        bytes_in,
        rounds,
        seconds,
        engine: settings.engine.name(),
        rsyncable: settings.rsyncable,
        verify: settings.verify,
        workers: settings.jobs.get(),
        scheduler: settings.scheduler.name(),
        exit_status: report.status().code(),
    };
    put(&mut text, &summary)?;
    Ok(text)
}

fn work(figures: &Figures, content: u64) -> Work {
    let Figures { median, least, most } = *figures;
    Work { seconds: median, seconds_min: least, seconds_max: most, mb_per_second: figures.speed(content) }
}

fn put(text: &mut String, object: &impl Serialize) -> serde_json::Result<()> {
    *text += &serde_json::to_string(object)?;
    text.push('\n');
    Ok(())
}
