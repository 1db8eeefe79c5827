//! Selects the points of an index among the candidates, and keeps what the index stores about them.

use super::content_points::{ContentPoint, count_newlines, is_merged};
use crate::deflate::WINDOW;
use crate::format::gzidx::{self, IndexHead, IndexPoint, IndexSection, PointFields};

/// Points after which the spacing doubles, so that the memory of the points stays small. With 4 MiB, content of 4 TiB has as many.
const POINTS_PER_SPACING: usize = 1 << 20;

/// Selects the points of an index.
#[derive(Debug)]
pub(crate) struct PointSelection {
    /// Least content between two points.
    spacing: u64,
    points: Vec<IndexPoint>,
    fields: Vec<PointFields>,
    /// The window of the last point, which a later candidate may replace.
    last_window: Option<Vec<u8>>,
    /// Length of the content so far.
    content: u64,
    /// Newlines in it.
    lines: u64,
    /// The last 32 KiB of it.
    tail: Vec<u8>,
}

impl PointSelection {
    /// No points yet.
    pub(crate) fn new(spacing: u64) -> Self {
        let (points, fields, tail) = (Vec::new(), Vec::new(), Vec::new());
        Self { spacing, points, fields, last_window: None, content: 0, lines: 0, tail }
    }

    /// Adds a part of the content, with its candidates and the number of its newlines. Returns the windows of points that no later
    /// candidate replaces.
    pub(crate) fn add(&mut self, candidates: &[ContentPoint], content: &[u8], lines: u64) -> Vec<Vec<u8>> {
        let mut windows = Vec::new();
        for &candidate in candidates {
            windows.extend(self.consider(candidate, content));
        }
        self.content += content.len() as u64;
        self.lines += lines;
        self.tail = window_at(&self.tail, content);
        windows
    }

    /// Selects a candidate if it is far enough from the last point, or replaces that.
    fn consider(&mut self, candidate: ContentPoint, part: &[u8]) -> Option<Vec<u8>> {
        let before = &part[..candidate.at];
        let (content, bit) = (self.content + candidate.at as u64, candidate.bit);
        let last = self.points.last();
        let replaces = last.is_some_and(|last| is_merged(last.bit, bit));
        let spacing = self.spacing.saturating_mul(1 << (self.points.len() / POINTS_PER_SPACING).min(20));
        if !replaces && last.is_some_and(|last| content - last.content < spacing) {
            return None;
        }
        let finished =
            if replaces { self.points.pop().and(self.fields.pop()).and(None) } else { self.last_window.take() };
        self.last_window = (!candidate.is_member_start).then(|| stored_window(&window_at(&self.tail, before)));
        let window = self.last_window.as_deref().map_or(0, |window| gzidx::crc(&[window]));
        self.points.push(IndexPoint { bit, content, has_window: self.last_window.is_some() });
        self.fields.push(PointFields { lines: self.lines + count_newlines(before), window });
        finished
    }

    /// The window of the last point.
    pub(crate) fn take_last_window(&mut self) -> Option<Vec<u8>> {
        self.last_window.take()
    }

    /// What is written before and behind the windows. `compressed` is the length of the file, and `file_end` the CRC-32 of its end.
    pub(crate) fn into_parts(self, compressed: u64, file_end: u32) -> (Vec<u8>, Vec<u8>) {
        let spacing = self.spacing.clamp(WINDOW as u64, u32::MAX.into()) as u32;
        let head = IndexHead::new(compressed, self.content, spacing, self.points.len() as u32);
        let table = gzidx::write_table(&head, &self.points);
        let section = IndexSection { lines: self.lines, file_end, points: self.fields }.write(&table);
        (table, section)
    }
}

/// The last 32 KiB of `older` and the content after it.
fn window_at(older: &[u8], content: &[u8]) -> Vec<u8> {
    let content = &content[content.len().saturating_sub(WINDOW)..];
    let older = &older[older.len().saturating_sub(WINDOW - content.len())..];
    [older, content].concat()
}

/// A window as it is stored: 32 KiB, with zeros in front if it is shorter.
fn stored_window(window: &[u8]) -> Vec<u8> {
    let mut stored = vec![0; WINDOW];
    stored[WINDOW - window.len()..].copy_from_slice(window);
    stored
}
