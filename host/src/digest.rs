//! Digests of files and other bytes, by which contents are compared.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The BLAKE3 hash of some bytes. Nobody can find other bytes with the same hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Digest([u8; 32]);

/// Bytes that are read at a time. BLAKE3 is fastest with large pieces.
const PIECE: usize = 64 << 10;

impl Digest {
    /// Returns the digest of bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Digest(blake3::hash(bytes).into())
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the digest of the file at a path, if there is a regular file that can be read and
    /// has at most `limit` bytes.
    pub(crate) fn at(path: &Path, limit: u64) -> Option<Self> {
        // Opening a pipe would wait.
        if !path.is_file() {
            return None;
        }
        Self::of_file(&File::open(path).ok()?, limit).ok().flatten()
    }

    /// Returns the digest of a file. Returns `None` if it has more than `limit` bytes, or is no
    /// regular file: others may have no end.
    pub(crate) fn of_file(mut file: &File, limit: u64) -> io::Result<Option<Self>> {
        let data = file.metadata()?;
        if !data.is_file() || data.len() > limit {
            return Ok(None);
        }
        let mut hasher = Hasher::default();
        hasher.read(&mut file, data.len())?;
        // A file that grows meanwhile has another digest.
        let mut more = [0];
        let grows = file.read(&mut more)? > 0;
        Ok((!grows).then(|| hasher.finish()))
    }
}

impl From<[u8; 32]> for Digest {
    fn from(bytes: [u8; 32]) -> Self {
        Digest(bytes)
    }
}

/// Computes a [`Digest`] of bytes that come in pieces.
#[derive(Default)]
pub(crate) struct Hasher(blake3::Hasher);

impl Hasher {
    /// Adds bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds the next `length` bytes of a file, without keeping them in memory.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or has fewer bytes.
    pub(crate) fn read(&mut self, file: &mut impl Read, length: u64) -> io::Result<()> {
        let size = usize::try_from(length).unwrap_or(PIECE).min(PIECE);
        let mut piece = vec![0; size];
        let mut left = length;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(size).min(size);
            file.read_exact(&mut piece[..wanted])?;
            self.add(&piece[..wanted]);
            left -= wanted as u64;
        }
        Ok(())
    }

    pub(crate) fn finish(&self) -> Digest {
        Digest(self.0.finalize().into())
    }
}
