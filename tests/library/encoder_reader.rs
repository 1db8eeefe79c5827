//! The reading encoder: its output equals the writing encoder's for reads of any size, and errors of the source are
//! returned.

use std::io::{self, BufRead, Read};

use gzcc::{EncoderOptions, EncoderReader};

use crate::{
    BLOCK, Parameters, compressed_as_a_file, decoded, encoded, gunzipped, in_child_process, log, memory_figure,
    options, worker_parameters,
};

/// Reads to the end with buffers of these sizes in turn.
fn read_in(sizes: &[usize], mut reader: impl Read) -> Vec<u8> {
    let mut read = Vec::new();
    for size in sizes.iter().cycle() {
        let mut buffer = vec![0; *size];
        let length = reader.read(&mut buffer).unwrap();
        if length == 0 && *size > 0 {
            break;
        }
        read.extend_from_slice(&buffer[..length]);
    }
    assert_eq!(reader.read(&mut [0; 10]).unwrap(), 0, "the end stays the end");
    read
}

#[test]
fn a_reading_encoder_returns_the_bytes_of_the_command_for_reads_of_any_size() {
    for size in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 777] {
        let content = log(size);
        let wanted = compressed_as_a_file(&content, &Parameters::default());
        for settings in worker_parameters() {
            for sizes in [&[1, 0, 3, 70_001][..], &[8192], &[1 << 22]] {
                let reader = EncoderReader::with_options(&content[..], &options(&settings)).unwrap();
                let shown = format!("{size} {} {:?} {sizes:?}", settings.jobs, settings.scheduler);
                assert!(read_in(sizes, reader) == wanted, "{shown}");
            }
        }
    }
}

#[test]
fn short_and_interrupted_reads_of_the_source_give_the_same_bytes() {
    /// Returns up to 1000 bytes per read, and an error at every 50th.
    struct Sips<'a>(&'a [u8], u32, io::ErrorKind);
    impl Read for Sips<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1 += 1;
            if self.1.is_multiple_of(50) {
                return Err(self.2.into());
            }
            let most = buffer.len().min(1000);
            self.0.read(&mut buffer[..most])
        }
    }
    let content = log(3 * BLOCK + 5);
    for settings in worker_parameters() {
        let settings = Parameters { rsyncable: true, ..settings };
        let wanted = encoded(&content, 1 << 20, &settings);
        for kind in [io::ErrorKind::Interrupted, io::ErrorKind::WouldBlock] {
            let mut reader = EncoderReader::with_options(Sips(&content, 0, kind), &options(&settings)).unwrap();
            let (mut read, mut errors) = (Vec::new(), 0);
            // read_to_end keeps the bytes before an error.
            while let Err(error) = reader.read_to_end(&mut read) {
                assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                errors += 1;
            }
            assert!(read == wanted, "{kind:?} {}", settings.jobs);
            assert_eq!(errors > 10, kind == io::ErrorKind::WouldBlock);
        }
    }
}

#[test]
fn an_error_of_the_source_is_returned_unchanged_and_never_ends_the_member() {
    struct Broken(usize);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::from_raw_os_error(5));
            }
            let length = buffer.len().min(self.0);
            buffer[..length].fill(b'a');
            self.0 -= length;
            Ok(length)
        }
    }
    for settings in worker_parameters() {
        for size in [0, 10, BLOCK, 9 * BLOCK + 10] {
            let mut read = Vec::new();
            let mut reader = EncoderReader::with_options(Broken(size), &options(&settings)).unwrap();
            for _ in 0..3 {
                let error = reader.read_to_end(&mut read).unwrap_err();
                assert_eq!(error.raw_os_error(), Some(5));
            }
            assert!(decoded(&read).is_err(), "{size}");
        }
    }
}

#[test]
fn a_reading_encoder_returns_its_source_and_is_a_buffered_reader() {
    let mut reader = EncoderReader::new(&b"content"[..]);
    assert_eq!(*reader.get_ref(), b"content");
    *reader.get_mut() = b"other";
    let output = reader.fill_buf().unwrap().to_vec();
    reader.consume(output.len());
    assert_eq!(gunzipped(&output), b"other");
    assert_eq!(reader.fill_buf().unwrap(), b"");
    assert_eq!(reader.into_inner(), b"");
}

#[test]
fn memory_is_bounded_by_the_workers_for_any_amount_of_content() {
    if in_child_process("encoder_reader::memory_is_bounded_by_the_workers_for_any_amount_of_content").is_some() {
        return;
    }
    for number in [1, 3] {
        let options = EncoderOptions::default().level(1).workers(number);
        let before = memory_figure("VmRSS");
        let mut reader = EncoderReader::with_options(io::repeat(b'a').take(130 << 20), &options).unwrap();
        io::copy(&mut reader, &mut io::sink()).unwrap();
        let most = memory_figure("VmHWM") - before;
        assert!(most < 3_000 + 6_000 * number as u64, "{most} kB for {number}");
    }
}
