//! Flushes of the encoder: everything written before a flush can be decompressed from the output so far.

use std::io::{self, Read, Write};

use flate2::read::GzDecoder;
use gzcc::{Encoder, EncoderOptions, with_encoder};

use crate::owned::Shared;
use crate::{BLOCK, Parameters, decoded, encoded, gunzipped, log, options, worker_parameters};

/// The content that zlib decompresses from an incomplete member.
fn decompress_incomplete(packed: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    let error = GzDecoder::new(packed).read_to_end(&mut content).expect_err("the member is not complete");
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    content
}

#[test]
fn everything_before_a_flush_can_be_decompressed_from_the_output_so_far() {
    let content = log(3 * BLOCK + 100_000);
    let places = [1, 2, 40_000, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, content.len()];
    for settings in worker_parameters() {
        for (rsyncable, verify, independent) in [(false, true, false), (true, false, false), (false, false, true)] {
            let settings = Parameters { rsyncable, verify, independent, level: 1, ..settings.clone() };
            let shown = format!("{} {:?} {rsyncable}", settings.jobs, settings.scheduler);
            let out = Shared::default();
            let mut encoder = Encoder::with_options(out.clone(), &options(&settings)).unwrap();
            let mut start = 0;
            for end in places {
                encoder.write_all(&content[start..end]).unwrap();
                encoder.flush().unwrap();
                assert!(decompress_incomplete(&out.bytes()) == content[..end], "{shown}, up to {end}");
                start = end;
            }
            encoder.finish().unwrap();
            assert!(gunzipped(&out.bytes()) == content, "{shown}");
        }
    }
}

#[test]
fn the_output_depends_on_the_positions_of_flushes_but_not_on_the_workers() {
    let content = log(2 * BLOCK + 9);
    for rsyncable in [false, true] {
        let flushed_at = |settings: &Parameters, place: usize| {
            let options = options(settings).rsyncable(rsyncable);
            let write = |to: &mut Encoder<Vec<u8>>| {
                to.write_all(&content[..place])?;
                to.flush()?;
                to.write_all(&content[place..])
            };
            with_encoder(Vec::new(), &options, write).unwrap().0
        };
        let all: Vec<_> =
            worker_parameters().map(|settings| [1000, 700_000].map(|place| flushed_at(&settings, place))).collect();
        assert!(all.iter().all(|each| *each == all[0]));
        assert!(all[0][0] != all[0][1]);
        assert!(all[0].iter().all(|packed| decoded(packed).unwrap() == content));
    }
}

#[test]
fn a_flush_without_new_content_adds_nothing() {
    for settings in worker_parameters() {
        let content = log(BLOCK);
        let (packed, ()) = with_encoder(Vec::new(), &options(&settings), |to| {
            to.flush()?;
            assert_eq!(to.get_ref().len(), 0);
            // The content is exactly one block, which is written anyway.
            to.write_all(&content)?;
            to.flush()?;
            to.flush()
        })
        .unwrap();
        assert!(packed == encoded(&content, BLOCK, &settings));
    }
}

#[test]
fn content_after_a_flush_refers_to_content_before_it() {
    let line = b"the same line, which is long enough to cost something, again and again\n";
    let size = |independent: bool| {
        let options = EncoderOptions::default().workers(1).independent(independent);
        let mut encoder = Encoder::with_options(Vec::new(), &options).unwrap();
        for _ in 0..100 {
            encoder.write_all(line).unwrap();
            encoder.flush().unwrap();
        }
        let packed = encoder.finish().unwrap();
        assert!(gunzipped(&packed) == line.repeat(100));
        packed.len()
    };
    assert!(size(false) < 100 * 20 && size(true) > 100 * 50, "{} {}", size(false), size(true));
}

#[test]
fn a_flush_flushes_the_sink() {
    #[derive(Default)]
    struct Flushes(u32);
    impl Write for Flushes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            self.0 += 1;
            Ok(())
        }
    }
    let mut encoder = Encoder::new(Flushes::default());
    encoder.flush().unwrap();
    encoder.write_all(b"content").unwrap();
    assert_eq!(encoder.get_ref().0, 1);
    encoder.flush().unwrap();
    assert_eq!(encoder.get_ref().0, 2);
    assert_eq!(encoder.finish().unwrap().0, 3);
}
