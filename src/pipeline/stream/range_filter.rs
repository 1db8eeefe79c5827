//! Cuts a range out of the content of a member, which arrives in parts.

use std::collections::VecDeque;

use crate::error::Error;
use crate::inflate::count_newlines;
use crate::settings::{ContentRange, Span};

/// Most bytes that the lines at the end may take.
const MAX_TAIL: usize = 64 << 20;

/// The range of one member, and what is known of the content so far.
#[derive(Debug)]
pub(super) struct RangeFilter {
    range: ContentRange,
    /// Bytes of the content so far, or lines that have ended in it. Counts from the start of the content.
    position: u64,
    /// The content ends within a line.
    is_inside_line: bool,
    /// The end of the content, for the lines at its end.
    tail: Tail,
}

/// The last parts of the content.
#[derive(Debug, Default)]
struct Tail {
    parts: VecDeque<(Vec<u8>, u64)>,
    bytes: usize,
    /// Newlines in the parts.
    lines: u64,
}

impl RangeFilter {
    /// A filter whose first content has this many bytes or lines before it.
    pub(super) fn new(range: ContentRange, skipped: u64) -> Self {
        Self { range, position: skipped, is_inside_line: false, tail: Tail::default() }
    }

    /// Reduces the next part of the content, which has this number of newlines, to the range. Returns whether the range has ended.
    ///
    /// # Errors
    /// If the lines at the end take too much memory.
    pub(super) fn cut(&mut self, bytes: &mut Vec<u8>, lines: u64) -> Result<bool, Error> {
        let Some(&last) = bytes.last() else { return Ok(self.has_ended()) };
        self.is_inside_line = last != b'\n';
        let (before, length) = (self.position, bytes.len());
        match self.range {
            ContentRange::Bytes(Span { start, end }) => {
                self.position += length as u64;
                let at = |offset: u64| offset.saturating_sub(before).min(length as u64) as usize;
                bytes.truncate(end.map_or(length, at));
                bytes.drain(..at(start).min(bytes.len()));
            }
            ContentRange::Lines(Span { start, end }) => {
                self.position += lines;
                // Most parts are before the range, or within it.
                if start > self.position {
                    bytes.clear();
                }
                if let Some(end) = end.filter(|&end| end <= self.position) {
                    bytes.truncate(after_newlines(bytes, end.saturating_sub(before)));
                }
                let first = start.saturating_sub(before);
                if first > 0 {
                    bytes.drain(..after_newlines(bytes, first));
                }
            }
            ContentRange::Tail(count) => {
                self.tail.push(std::mem::take(bytes), lines, count);
                if self.tail.bytes > MAX_TAIL {
                    let most = MAX_TAIL >> 20;
                    return Err(Error::other(format_args!("its last lines have more than {most} MiB")));
                }
            }
        }
        Ok(self.has_ended())
    }

    /// Whether no later content is in the range.
    fn has_ended(&self) -> bool {
        match self.range {
            ContentRange::Bytes(span) | ContentRange::Lines(span) => span.end.is_some_and(|end| self.position >= end),
            ContentRange::Tail(_) => false,
        }
    }

    /// The lines at the end, after all content.
    ///
    /// # Errors
    /// If the range begins after the end of the content.
    pub(super) fn finish(&mut self) -> Result<Vec<u8>, Error> {
        let length = self.position;
        match self.range {
            ContentRange::Tail(count) => Ok(std::mem::take(&mut self.tail).last_lines(count, self.is_inside_line)),
            ContentRange::Bytes(span) if span.start > length => {
                Err(Error::other(format_args!("has only {length} bytes")))
            }
            ContentRange::Lines(span) if span.start > length + u64::from(self.is_inside_line) => {
                let lines = length + u64::from(self.is_inside_line);
                Err(Error::other(format_args!("has only {lines} lines")))
            }
            ContentRange::Bytes(_) | ContentRange::Lines(_) => Ok(Vec::new()),
        }
    }
}

impl Tail {
    /// Adds a part with this number of newlines, and drops the first parts that are not needed for the last `count` lines.
    fn push(&mut self, part: Vec<u8>, lines: u64, count: u64) {
        self.bytes += part.len();
        self.lines += lines;
        self.parts.push_back((part, lines));
        // The last line may have no newline, and the newline before the first one shows where it begins.
        while let Some((part, lines)) = self.parts.front()
            && self.lines - lines > count
        {
            self.bytes -= part.len();
            self.lines -= lines;
            self.parts.pop_front();
        }
    }

    /// The last `count` lines.
    fn last_lines(self, count: u64, is_inside_line: bool) -> Vec<u8> {
        let mut content = Vec::with_capacity(self.bytes);
        self.parts.into_iter().for_each(|(part, _)| content.extend_from_slice(&part));
        let ended = self.lines + u64::from(is_inside_line);
        content.drain(..after_newlines(&content, ended.saturating_sub(count)));
        content
    }
}

/// The offset after this many newlines; the length if there are fewer.
fn after_newlines(bytes: &[u8], count: u64) -> usize {
    let (mut left, mut at) = (count, 0);
    // Whole chunks first: their newlines are counted faster than found.
    for chunk in bytes.chunks(4096) {
        let newlines = count_newlines(chunk);
        if newlines >= left {
            break;
        }
        left -= newlines;
        at += chunk.len();
    }
    if left == 0 {
        return at;
    }
    let mut newlines = bytes[at..].iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    newlines.nth(left as usize - 1).map_or(bytes.len(), |(i, _)| at + i + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The range of the content, which arrives in parts of `length` bytes.
    fn cut(range: ContentRange, content: &[u8], length: usize) -> Result<Vec<u8>, String> {
        let mut filter = RangeFilter::new(range, 0);
        let mut out = Vec::new();
        for part in content.chunks(length) {
            let mut bytes = part.to_vec();
            let has_ended = filter.cut(&mut bytes, count_newlines(part)).unwrap();
            out.extend(bytes);
            if has_ended {
                return Ok(out);
            }
        }
        filter.finish().map(|tail| [out, tail].concat()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_range_is_cut_from_parts_of_any_length() {
        for content in [&b"one\ntwo\n\nfour\nfive"[..], b"one\ntwo\n", b"\n\n\n", b"none", b""] {
            let lines: Vec<&[u8]> = content.split_inclusive(|&byte| byte == b'\n').collect();
            for length in 1..20 {
                for start in 0..22 {
                    for end in (start..22).map(Some).chain([None]) {
                        let range = |all: usize| (start <= all).then(|| start..end.unwrap_or(all).min(all));
                        let span = Span { start: start as u64, end: end.map(|end| end as u64) };
                        let bytes = cut(ContentRange::Bytes(span), content, length);
                        let is_empty = end == Some(start);
                        match range(content.len()) {
                            Some(range) => assert_eq!(bytes.as_deref(), Ok(&content[range]), "{span:?} {length}"),
                            None => assert!(is_empty || bytes.is_err(), "{span:?} {length}"),
                        }
                        let cut = cut(ContentRange::Lines(span), content, length);
                        match range(lines.len()) {
                            Some(range) => assert_eq!(cut, Ok(lines[range].concat()), "{span:?} {length}"),
                            None => assert!(is_empty || cut.is_err(), "{span:?} {length}"),
                        }
                    }
                    let tail = cut(ContentRange::Tail(start as u64), content, length);
                    assert_eq!(tail, Ok(lines[lines.len().saturating_sub(start)..].concat()), "{start} {length}");
                }
            }
        }
    }
}
