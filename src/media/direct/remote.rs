//! A file elsewhere, read block by block as its format asks: few blocks, each once.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

/// Bytes that are asked for at once.
pub(super) const BLOCK: usize = 128 << 10;
/// Blocks of one file: four megabytes, for a cover that stands before the sound, or an index behind
/// it.
const MOST: usize = 32;

/// A file of which only some blocks are here.
pub(super) struct Remote<F> {
    length: u64,
    at: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
    fetch: F,
}

impl<F: FnMut(u64) -> io::Result<Vec<u8>>> Remote<F> {
    /// A file of `length` bytes that begins with `first`; `fetch` gives the block at an offset.
    pub(super) fn new(length: u64, first: Vec<u8>, fetch: F) -> Self {
        Self {
            length,
            at: 0,
            blocks: BTreeMap::from([(0, first)]),
            fetch,
        }
    }

    fn block(&mut self, start: u64) -> io::Result<&[u8]> {
        if !self.blocks.contains_key(&start) {
            if self.blocks.len() >= MOST {
                return Err(io::Error::other("too much of the file is asked for"));
            }
            let mut block = (self.fetch)(start)?;
            block.truncate(BLOCK);
            self.blocks.insert(start, block);
        }
        Ok(self.blocks.get(&start).map_or(&[], |block| block))
    }
}

impl<F: FnMut(u64) -> io::Result<Vec<u8>>> Read for Remote<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.length || into.is_empty() {
            return Ok(0);
        }
        let start = self.at - self.at % BLOCK as u64;
        let within = (self.at - start) as usize;
        let left = usize::try_from(self.length - self.at).unwrap_or(usize::MAX);
        let block = self.block(start)?;
        // What its server gives less than it said is not there.
        let there = block.get(within..).unwrap_or_default();
        if there.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = there.len().min(into.len()).min(left);
        into[..count].copy_from_slice(&there[..count]);
        self.at += count as u64;
        Ok(count)
    }
}

impl<F: FnMut(u64) -> io::Result<Vec<u8>>> Seek for Remote<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(length: usize) -> Vec<u8> {
        (0..length).map(|place| (place % 251) as u8).collect()
    }

    #[test]
    fn only_the_blocks_that_are_read_are_asked_for_each_once() {
        let whole = file(3 * BLOCK + 17);
        let mut asked = Vec::new();
        let mut remote = Remote::new(whole.len() as u64, whole[..BLOCK].to_vec(), |start| {
            asked.push(start);
            let start = start as usize;
            Ok(whole[start..whole.len().min(start + BLOCK)].to_vec())
        });
        let mut tail = [0; 20];
        for _ in 0..2 {
            remote.seek(SeekFrom::End(-20)).unwrap();
            remote.read_exact(&mut tail).unwrap();
            assert_eq!(tail, whole[whole.len() - 20..]);
        }
        assert_eq!(remote.read(&mut tail).unwrap(), 0, "the end");
        remote.seek(SeekFrom::Start(0)).unwrap();
        let mut head = vec![0; BLOCK];
        remote.read_exact(&mut head).unwrap();
        assert_eq!(head, whole[..BLOCK]);
        assert_eq!(asked, [2 * BLOCK as u64, 3 * BLOCK as u64]);
    }

    #[test]
    fn no_more_than_so_much_is_asked_for() {
        let mut asked = 0;
        let mut remote = Remote::new(u64::MAX, file(BLOCK), |_| {
            asked += 1;
            Ok(file(BLOCK))
        });
        let mut sink = Vec::new();
        assert!(remote.read_to_end(&mut sink).is_err());
        assert_eq!(sink.len(), MOST * BLOCK);
        assert_eq!(asked, MOST - 1);
    }

    #[test]
    fn a_server_that_gives_less_than_it_said_is_an_error_and_no_loop() {
        let mut remote = Remote::new(100, file(10), |_| Ok(Vec::new()));
        let mut sink = Vec::new();
        let error = remote.read_to_end(&mut sink).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(sink.len(), 10);
    }
}
