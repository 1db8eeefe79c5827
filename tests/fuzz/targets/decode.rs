//! Decompresses any bytes as a file. Content and verdict must equal those of the reference (RFC 1952, with flate2 for
//! each member), for reads of any size and buffers of any capacity, and buffers must not grow.
#![no_main]

mod reference;

use std::fs::File;
use std::io::{self, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::thread;

use flate2::Crc;
use gzcc::deflate::{BLOCK, Engine, WORST_CASE};
use gzcc::fuzzing::{
    Content, EngineDecoder, FilePart, ForeignData, Inflater, MAX_HEADER, MemberEnd, TRAILER, Trailer, Trailing,
};
use libfuzzer_sys::fuzz_target;
use rustix::fs::MemfdFlags;
use rustix::pipe::{PIPE_BUF, PipeFlags, pipe_with};

use self::reference::{Read, Verdict};

/// Content in bytes after which decompression stops: a small file can expand to a gigabyte.
const CONTENT_LIMIT: usize = 4 << 20;

/// Capacity of a chunk in a normal run.
const CHUNK_CAPACITY: usize = MAX_HEADER + WORST_CASE + TRAILER;

fuzz_target!(|data: &[u8]| {
    let choice = hash(data);
    // Only long files need several reads and chunks, and a fuzzer rarely generates long ones.
    let file = match choice % 32 {
        0 if !data.is_empty() => data.repeat((300 << 10) / data.len() + 1),
        1 if data.len() < 200 => data.repeat(1030),
        _ => data.to_vec(),
    };
    let engine = Engine::ALL[usize::from(choice >> 40 & 3 == 0)];
    let mut inflater = Inflater::new(engine);
    let mut decoder = EngineDecoder::new(engine);
    for pass_through in [false, true] {
        let expected = reference::read(&file, pass_through, CONTENT_LIMIT);
        let whole = read(memfd(&file).as_fd(), &mut inflater, &mut decoder, (pass_through, CHUNK_CAPACITY));
        assert_agreement(&whole, &expected, &file);
        if pass_through != (choice >> 8 & 3 == 0) {
            continue;
        }
        // Limits the number of chunks to some thousands.
        let room =
            [2, 3, 64, 1000, 32 << 10, CHUNK_CAPACITY][(choice >> 16) as usize % 6].max(expected.content.len() >> 10);
        let (reader, writer) = pipe_with(PipeFlags::DIRECT | PipeFlags::CLOEXEC).expect("a pipe");
        let piped = thread::scope(|scope| {
            scope.spawn(|| send(&file, writer.into(), choice));
            let read = read(reader.as_fd(), &mut inflater, &mut decoder, (pass_through, room));
            // Drains the pipe, so that the writer ends after an early stop of the decoder.
            io::copy(&mut File::from(reader), &mut io::sink()).expect("a pipe");
            read
        });
        assert_agreement(&piped, &expected, &file);
        if whole.content.len() <= CONTENT_LIMIT && piped.content.len() <= CONTENT_LIMIT {
            assert_eq!(piped.verdict, whole.verdict, "a pipe has another verdict than a file");
        }
    }
});

/// Asserts that the decoder and the reference assert_agreement.
fn assert_agreement(read: &Read, expected: &Read, file: &[u8]) {
    let shown = || format!("{read:?} should be {expected:?}: {}", file[..file.len().min(2000)].escape_ascii());
    let common = read.content.len().min(expected.content.len());
    assert!(read.content[..common] == expected.content[..common], "{}", shown());
    if read.content.len() > CONTENT_LIMIT || expected.content.len() > CONTENT_LIMIT {
        // One of them stopped early, so their verdicts may differ.
        return;
    }
    if let (Verdict::Bad(_), Verdict::Bad(_)) = (&read.verdict, &expected.verdict) {
        return;
    }
    let same = read.verdict == expected.verdict && read.content.len() == expected.content.len();
    assert!(same, "{}", shown());
}

/// Decompresses `fd` and checks each member.
fn read(
    fd: BorrowedFd<'_>,
    inflater: &mut Inflater,
    decoder: &mut EngineDecoder,
    (pass_through, room): (bool, usize),
) -> Read {
    let mut all = Read { content: Vec::new(), verdict: Verdict::Whole };
    let mut member = (Crc::new(), 0);
    let mut consumed = 0;
    inflater.restart(ForeignData { is_copied: pass_through, ..ForeignData::default() });
    let mut spare = Vec::with_capacity(room);
    while all.content.len() <= CONTENT_LIMIT {
        let mut capacity = spare.capacity();
        let mut content = match inflater.next(&mut { fd }, std::mem::take(&mut spare)) {
            FilePart::Content(content) => content,
            FilePart::Batch(batch, _) => {
                let bytes = Vec::with_capacity(CHUNK_CAPACITY);
                capacity = bytes.capacity();
                batch.inflate(decoder, bytes)
            }
        };
        assert_eq!(content.bytes.capacity(), capacity, "the room has grown");
        let got_on = content.consumed > consumed || !content.bytes.is_empty() || content.end.is_some();
        assert!(got_on, "a chunk of nothing");
        assert!(content.consumed >= consumed);
        consumed = content.consumed;
        if let Some(verdict) = append_chunk(&mut content, &mut member, &mut all.content) {
            all.verdict = verdict;
            break;
        }
        spare = if capacity == room { content.bytes } else { Vec::with_capacity(room) };
        spare.clear();
    }
    all
}

/// Appends a chunk to `all`. Returns the verdict at the end of the file.
fn append_chunk(content: &mut Content, member: &mut (Crc, u32), all: &mut Vec<u8>) -> Option<Verdict> {
    let Content { bytes, member_ends, verified, end, .. } = content;
    let mut start = 0;
    for &MemberEnd { at, trailer, offset } in member_ends.iter() {
        update(member, &bytes[start..at]);
        all.extend(&bytes[start..at]);
        start = at;
        let (found, counted) = std::mem::take(member);
        if trailer != Some(Trailer { crc: found.sum(), length: counted }) {
            return Some(Verdict::Bad(format!("sums at {offset}")));
        }
    }
    if !*verified {
        update(member, &bytes[start..]);
    }
    all.extend(&bytes[start..]);
    Some(match end.take()? {
        Ok(Trailing::Nothing | Trailing::Zeros) => Verdict::Whole,
        Ok(_) => Verdict::Garbage,
        Err(error) => Verdict::Bad(gzcc::Error::from(error).to_string()),
    })
}

fn update((crc, length): &mut (Crc, u32), bytes: &[u8]) {
    crc.update(bytes);
    *length = length.wrapping_add(bytes.len() as u32);
}

/// Sends `file` in pieces. Each piece is one read at the other end of the pipe.
fn send(file: &[u8], mut pipe: File, choice: u64) {
    let most = [1, 7, 100, 1500, PIPE_BUF][(choice >> 24) as usize % 5].max(file.len() >> 10).min(PIPE_BUF);
    let mut random = choice | 1;
    let mut rest = file;
    while !rest.is_empty() {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let (piece, behind) = rest.split_at((1 + random as usize % most).min(rest.len()));
        pipe.write_all(piece).expect("a pipe");
        rest = behind;
    }
}

/// A file in memory.
fn memfd(bytes: &[u8]) -> File {
    let mut file = File::from(rustix::fs::memfd_create("input", MemfdFlags::CLOEXEC).expect("memory"));
    file.write_all(bytes).expect("memory");
    file.rewind().expect("a file can be rewound");
    file
}

/// FNV-1a hash of the input, which selects the options of the run, so that the whole input is the file.
fn hash(data: &[u8]) -> u64 {
    let hash = data.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    hash ^ hash >> 32
}

const _: () = assert!(CHUNK_CAPACITY > BLOCK + 64 * 1024, "what a batch expands to fits");
