//! The default scheduler: scoped threads with one budget for files and blocks.
//!
//! A worker does a block of an open stream if there is one, else takes the next file, so no worker is idle
//! while one giant is left. Every handle is joined before the count: that join is the lesson's WaitGroup.

use std::sync::Arc;
use std::thread;

use super::Floor;
use super::board::Task;
use crate::stream::Hand;

/// Runs `workers` workers, the caller being one of them.
pub(super) fn run(floor: &Floor<'_>, workers: usize) {
    thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, || work(floor)).ok();
        // Where the system has no thread left, fewer workers do the same.
        let handles: Vec<_> = (1..workers).map_while(spawn).collect();
        work(floor);
        for handle in handles {
            // A worker contains its panics, so one that gets here is a defect worth the noise.
            handle.join().expect("a worker ends without a panic");
        }
    });
}

fn work(floor: &Floor<'_>) {
    let mut hand = Hand::new(floor.shared);
    while let Some(task) = floor.board.next(floor.shared) {
        match task {
            Task::Help(stream) => {
                floor.help(&stream, &mut hand);
                floor.board.moved();
            }
            Task::Open => match floor.next_stream() {
                None => floor.board.no_more(),
                Some(stream) if stream.is_divisible() => floor.board.opened(Some(Arc::new(stream))),
                Some(stream) => {
                    floor.do_alone(&stream, &mut hand);
                    floor.board.opened(None);
                }
            },
        }
    }
}
