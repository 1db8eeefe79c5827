//! Compares gzcc's decoder with other DEFLATE decoders on the given .gz files: in memory, on one core, interleaved.
//!
//! All decoders but libdeflate's write pieces of 512 KiB, as programs do; libdeflate has no other interface than one for all
//! content. CRCs are not computed. Each round decodes every file with every decoder; the best round counts, because other
//! load on the machine only makes a round slower.

mod decoders;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use decoders::Decoders;

/// Compares gzcc's decoder with other DEFLATE decoders: in memory, on one core, interleaved.
#[derive(Parser)]
#[command(name = "inflate")]
struct Args {
    /// Number of rounds; the best of each decoder is printed
    #[arg(long, value_name = "N", default_value = "15")]
    rounds: usize,

    /// Files of one gzip member
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// The shortest time of a sample in content bytes, so that the clock's resolution matters little.
const MIN_SAMPLE: usize = 8 << 20;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("inflate: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    println!("MB/s of content; the last column is native over the faster of libdeflate and ISA-L\n");
    print!("{:32}", "file");
    decoders::NAMES.iter().for_each(|name| print!("{name:>12}"));
    println!("{:>10}", "factor");
    let mut logs = Vec::new();
    for file in &args.files {
        let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
        let speeds = measure(deflate_data(&bytes)?, args.rounds).with_context(|| file.display().to_string())?;
        let factor = speeds[0] / speeds[3..].iter().copied().fold(speeds[2], f64::max);
        logs.push(factor.ln());
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        print!("{name:32}");
        speeds.iter().for_each(|speed| print!("{:12.0}", speed / 1e6));
        println!("{factor:10.3}");
    }
    let mean = (logs.iter().sum::<f64>() / logs.len() as f64).exp();
    println!("{:w$}{mean:10.3}", "geometric mean", w = 32 + 12 * decoders::NAMES.len());
    Ok(())
}

/// The best speed of each decoder, in bytes of content per second.
fn measure(data: &[u8], rounds: usize) -> Result<Vec<f64>> {
    let mut decoders = Decoders::new(data)?;
    let mut speeds = vec![0.0; decoders::NAMES.len()];
    let repeats = (MIN_SAMPLE / decoders.content_length.max(1)).max(1);
    for _ in 0..rounds {
        for (index, best) in speeds.iter_mut().enumerate() {
            let start = Instant::now();
            for _ in 0..repeats {
                let length = decoders.decode(index, data)?;
                ensure!(length == decoders.content_length, "{} decoded {length} bytes", decoders::NAMES[index]);
            }
            let speed = (repeats * decoders.content_length) as f64 / start.elapsed().as_secs_f64();
            *best = speed.max(*best);
        }
    }
    Ok(speeds)
}

/// The DEFLATE data of a file of one member.
fn deflate_data(file: &[u8]) -> Result<&[u8]> {
    let header = file.get(..10).context("not a gzip file")?;
    ensure!(header.starts_with(&[0x1f, 0x8b, 8]), "not a gzip file");
    let mut rest = &file[10..];
    if header[3] & 4 != 0 {
        let length = rest.first_chunk().map_or(0, |&length| u16::from_le_bytes(length));
        rest = rest.get(2 + usize::from(length)..).context("truncated header")?;
    }
    // The name and the comment.
    for flag in [8, 16] {
        if header[3] & flag != 0 {
            let end = rest.iter().position(|&byte| byte == 0).context("truncated header")?;
            rest = &rest[end + 1..];
        }
    }
    rest.get(..rest.len().saturating_sub(8)).context("truncated file")
}
