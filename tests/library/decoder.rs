//! The decoder: it reads everything that gunzip reads, in pieces of any size, and returns errors for other data.

use std::io::{self, BufRead, Read};

use gzcc::Decoder;

use crate::{Parameters, decoded, encoded, gunzipped, in_child_process, log, memory_figure, through};

/// Returns 1 to 32 bytes per read, and `Interrupted` at some reads.
pub(crate) struct Sips<'a>(pub &'a [u8], pub u32);

impl Read for Sips<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.1 = self.1.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        if self.1 >> 16 & 7 == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let most = (self.1 >> 20 & 31) as usize + 1;
        let most = most.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

/// `content` as BGZF: members with their size in the header.
pub(crate) fn bgzf(content: &[u8]) -> Vec<u8> {
    through("bgzip", &["-c"], content)
}

#[test]
fn a_decoder_reads_everything_that_gunzip_reads_in_pieces_of_any_size() {
    let settings = Parameters::default();
    let (one, two) = (log(100_000), log(700_000));
    let member = |content: &[u8]| encoded(content, 1 << 20, &settings);
    let packed: [(Vec<u8>, Vec<u8>); 6] = [
        (member(b""), Vec::new()),
        (member(&one), one.clone()),
        ([member(&one), member(b""), member(&two)].concat(), [&one[..], &two].concat()),
        ([member(&one), vec![0; 300_000]].concat(), one.clone()),
        (bgzf(&two), two.clone()),
        ([bgzf(&one), member(&two), bgzf(&one)].concat(), [&one[..], &two, &one].concat()),
    ];
    for (i, (packed, content)) in packed.iter().enumerate() {
        assert!(gunzipped(packed) == *content, "number {i}");
        assert!(decoded(packed).unwrap() == *content, "number {i}");
        let mut read = Vec::new();
        let mut decoder = Decoder::new(Sips(packed, 1));
        decoder.read_to_end(&mut read).unwrap();
        assert!(read == *content && !decoder.has_trailing_garbage(), "number {i}, in sips");
        assert_eq!(decoder.read(&mut [0; 10]).unwrap(), 0, "the end stays the end");
        let lines: io::Result<Vec<_>> = Decoder::new(&packed[..]).lines().collect();
        assert_eq!(
            lines.unwrap().len(),
            content.split_inclusive(|&byte| byte == b'\n').count(),
            "number {i}, by lines"
        );
    }
}

#[test]
fn trailing_garbage_is_ignored_and_reported() {
    let packed = [encoded(b"content", 7, &Parameters::default()), b"garbage".to_vec()].concat();
    let mut decoder = Decoder::new(&packed[..]);
    let mut content = String::new();
    assert!(!decoder.has_trailing_garbage(), "the end is not reached yet");
    decoder.read_to_string(&mut content).unwrap();
    assert_eq!((content.as_str(), decoder.has_trailing_garbage()), ("content", true));
}

#[test]
fn a_truncated_member_is_an_unexpected_end_at_every_length() {
    for content in [&b"a few words, and a few words"[..], b""] {
        let packed = encoded(content, 100, &Parameters::default());
        for length in 0..packed.len() {
            let error = decoded(&packed[..length]).expect_err(&format!("{length} bytes are enough"));
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{length} bytes: {error}");
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_that_later_reads_repeat() {
    let content = log(5000);
    let packed = encoded(&content, 5000, &Parameters::default());
    // The skipped bytes, time and system in the header, do not affect the content.
    for at in (0..4).chain(10..packed.len()) {
        let mut packed = packed.clone();
        packed[at] ^= 1 << (at % 8);
        let mut decoder = Decoder::new(&packed[..]);
        let mut read = Vec::new();
        match decoder.read_to_end(&mut read) {
            Ok(_) => assert!(read == content, "byte {at}"),
            Err(error) => {
                let again = decoder.read(&mut [0]).expect_err("it stays an error");
                assert_eq!((again.kind(), again.to_string()), (error.kind(), error.to_string()), "byte {at}");
            }
        }
    }
    let error = decoded(b"this is no gzip data").unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (io::ErrorKind::InvalidData, "not in gzip format"));
}

#[test]
fn an_error_of_the_source_is_returned_unchanged() {
    struct Broken(Vec<u8>, usize);
    impl Read for Broken {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.1 == self.0.len() {
                return Err(io::Error::from_raw_os_error(5));
            }
            let read = (&self.0[self.1..]).read(buffer)?;
            self.1 += read;
            Ok(read)
        }
    }
    let content = log(300_000);
    let mut packed = encoded(&content, 1 << 20, &Parameters::default());
    packed.truncate(packed.len() / 2);
    let mut read = Vec::new();
    let error = Decoder::new(Broken(packed, 0)).read_to_end(&mut read).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(5));
    assert!(read.len() > 100_000 && content.starts_with(&read), "what came before the error is handed out");
}

#[test]
fn available_content_is_returned_before_the_source_is_read_again() {
    // A message that ends with a sync flush, from a peer that waits for a reply.
    struct Peer(Vec<u8>, fn() -> io::Error);
    impl Read for Peer {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(self.1());
            }
            let read = (&self.0[..]).read(buffer)?;
            self.0.drain(..read);
            Ok(read)
        }
    }
    let script = "import sys, zlib; z = zlib.compressobj(wbits=31); \
        sys.stdout.buffer.write(z.compress(b'hello') + z.flush(zlib.Z_SYNC_FLUSH))";
    let message = through("python3", &["-c", script], b"");
    assert!(message.len() < 30);
    let mut decoder = Decoder::new(Peer(message, || io::ErrorKind::WouldBlock.into()));
    let mut read = [0; 100];
    assert_eq!((decoder.read(&mut read).unwrap(), &read[..5]), (5, &b"hello"[..]));
    assert_eq!(decoder.read(&mut read).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert_eq!(decoder.read(&mut read).unwrap_err().kind(), io::ErrorKind::WouldBlock, "an error is final");
}

#[test]
fn a_source_that_panics_is_not_read_again() {
    struct Panics;
    impl Read for Panics {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("this panic is part of the test");
        }
    }
    let mut decoder = Decoder::new(Panics);
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| decoder.read(&mut [0])));
    assert!(read.is_err());
    assert_eq!(decoder.read(&mut [0]).unwrap_err().to_string(), "the source panicked");
}

#[test]
fn a_damaged_bgzf_block_is_an_error_after_the_valid_blocks() {
    let content = log(400_000);
    let packed = bgzf(&content);
    for at in [100, packed.len() / 2, packed.len() - 40] {
        let mut packed = packed.clone();
        packed[at] ^= 1;
        let mut read = Vec::new();
        let error = Decoder::new(&packed[..]).read_to_end(&mut read).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "byte {at}: {error}");
        // A block holds 65,280 bytes of content. Content of the damaged block may have been returned.
        let good = read.len().saturating_sub(65_280);
        assert!(read[..good] == content[..good] && (at > 100 || good == 0), "byte {at}: {}", read.len());
    }
}

#[test]
fn memory_is_bounded_for_input_that_expands_a_thousandfold() {
    if in_child_process("decoder::memory_is_bounded_for_input_that_expands_a_thousandfold").is_some() {
        return;
    }
    // In kB. The pages of the decoder's code count, and vary by 100 kB.
    for (maker, most) in [("gzip -1", 1500), ("bgzip", 3000)] {
        let packed = tempfile::NamedTempFile::new().unwrap();
        let make = format!("head -c 256M /dev/zero | {maker} > {}", packed.path().display());
        through("sh", &["-c", &make], b"");
        let before = memory_figure("VmRSS");
        let mut decoder = Decoder::new(packed.reopen().unwrap());
        assert_eq!(io::copy(&mut decoder, &mut io::sink()).unwrap(), 256 << 20);
        // VmHWM is the peak, so nothing before this decoder may use more memory.
        let more = memory_figure("VmHWM") - before;
        assert!(more < most, "{maker}: {more} kB");
    }
}
