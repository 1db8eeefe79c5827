//! `IndexedDecoder` and `Index`: any part of the content, and bad indexes.

use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};

use gzcc::{BadIndex, EncoderOptions, Index, IndexedDecoder, with_encoder};

/// Content between two points.
const SPACING: u64 = 40_000;

fn content() -> Vec<u8> {
    let mut x = 1u32;
    let line = |i: u32| {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("{i} {:x} {}\n", x >> 9, "x".repeat(x as usize >> 28))
    };
    (0..40_000).map(line).collect::<String>().into_bytes()
}

/// Three members, of 2/5, 1/5 and 2/5 of the content.
fn file(content: &[u8]) -> Vec<u8> {
    let ends = [0, content.len() * 2 / 5, content.len() * 3 / 5, content.len()];
    let mut file = Vec::new();
    for range in ends.windows(2) {
        let options = EncoderOptions::default().level(6).workers(1);
        with_encoder(&mut file, &options, |encoder| encoder.write_all(&content[range[0]..range[1]])).unwrap();
    }
    file
}

fn written(file: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    Index::build(file, SPACING).unwrap().write_to(&mut bytes).unwrap();
    bytes
}

/// `length` bytes from `offset` on.
fn read(decoder: &mut IndexedDecoder<Cursor<Vec<u8>>>, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    decoder.seek(SeekFrom::Start(offset))?;
    decoder.take(length as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[test]
fn every_part_of_the_content_is_read_in_any_order() {
    let content = content();
    let file = file(&content);
    let index = Index::build(&file[..], SPACING).unwrap();
    assert_eq!((index.compressed_length(), index.content_length()), (file.len() as u64, Some(content.len() as u64)));
    assert_eq!(index.newlines(), Some(40_000));
    let mut decoder = IndexedDecoder::new(Cursor::new(file), index).unwrap();
    let mut x = 7usize;
    for length in [0, 1, 100, 70_000, 300_000].repeat(20) {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let offset = (x >> 20) % (content.len() + 10);
        let expected = &content[offset.min(content.len())..content.len().min(offset + length)];
        assert!(read(&mut decoder, offset as u64, length).unwrap() == expected, "{length} bytes at {offset}");
    }
    assert_eq!(decoder.seek(SeekFrom::End(-5)).unwrap(), content.len() as u64 - 5);
    let mut end = Vec::new();
    decoder.read_to_end(&mut end).unwrap();
    assert!(
        end == content[content.len() - 5..] && decoder.seek(SeekFrom::Current(-1)).unwrap() == content.len() as u64 - 1
    );
    assert_eq!(decoder.seek(SeekFrom::Current(i64::MIN)).unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

/// Why an index is not accepted, or a read through it fails.
fn bad(error: &io::Error) -> Option<BadIndex> {
    error.get_ref().and_then(|error| error.downcast_ref()).copied()
}

#[test]
fn any_changed_byte_of_an_index_is_found_or_changes_no_content() {
    let content = content();
    let file = file(&content);
    let whole = written(&file);
    for at in (0..whole.len()).filter(|at| *at < 1000 || at % 97 == 0 || at + 500 > whole.len()) {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        let decoder = Index::read_from(Cursor::new(changed))
            .and_then(|index| IndexedDecoder::new(Cursor::new(file.clone()), index));
        let part = decoder.and_then(|mut decoder| read(&mut decoder, content.len() as u64 * 9 / 10, 1000));
        match part {
            Ok(part) => assert!(part == content[content.len() * 9 / 10..][..1000], "byte {at}"),
            Err(error) => assert!(bad(&error).is_some(), "byte {at}: {error}"),
        }
    }
}

#[test]
fn an_index_cut_short_or_of_another_file_is_rejected() {
    let content = content();
    let file = file(&content);
    let whole = written(&file);
    for length in (0..whole.len()).step_by(37) {
        // Without the section of gzcc, an index is that of another program.
        match Index::read_from(Cursor::new(whole[..length].to_vec())) {
            Ok(index) => assert!(index.newlines().is_none(), "{length}"),
            Err(error) => assert!(bad(&error).is_some(), "{length}: {error}"),
        }
    }
    let index = || Index::read_from(Cursor::new(whole.clone())).unwrap();
    let mut other = file.clone();
    *other.last_mut().unwrap() ^= 1;
    for other in [other, [&file[..], b"x"].concat(), Vec::new()] {
        let error = IndexedDecoder::new(Cursor::new(other), index()).unwrap_err();
        assert_eq!(bad(&error), Some(BadIndex::OtherFile));
    }
    assert!(IndexedDecoder::new(Cursor::new(file), index()).is_ok());
}

#[test]
fn damage_is_found_where_members_are_whole() {
    let content = content();
    let mut file = file(&content);
    let index = written(&file);
    let at = file.len() - 8;
    file[at] ^= 1;
    let decoder = |index: &[u8]| {
        let index = Index::read_from(Cursor::new(index.to_vec())).unwrap();
        IndexedDecoder::new(Cursor::new(file.clone()), index)
    };
    assert_eq!(bad(&decoder(&index).unwrap_err()), Some(BadIndex::OtherFile));
    // The index of another program does not know the end of the file.
    let points = u32::from_le_bytes(index[31..35].try_into().unwrap()) as usize;
    let foreign = &index[..index.len() - 24 - 12 * points];
    // The trailer is compared where the content ends, not before.
    let error = read(&mut decoder(foreign).unwrap(), 0, content.len() + 1).map(drop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    let part = read(&mut decoder(foreign).unwrap(), 0, content.len() / 2).unwrap();
    assert!(part == content[..content.len() / 2]);
}

#[test]
fn no_index_is_built_of_damaged_data() {
    let file = file(&content());
    assert_eq!(Index::build(&file[..file.len() - 1], SPACING).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(Index::build(&b"text"[..], SPACING).unwrap_err().kind(), io::ErrorKind::InvalidData);
}
