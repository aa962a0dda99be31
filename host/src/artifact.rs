//! The file format of compiled code: of entries of the [`Cache`](crate::Cache), and of the files of
//! [`precompile`](crate::precompile).
//!
//! ```text
//! 8 bytes   MAGIC
//! 4 bytes   VERSION of this format
//! 32 bytes  SHA-256 of the rest
//! parts     for each its length in bytes (8 bytes, little-endian), then its bytes
//! ```

use std::io::{self, Write};

use sha2::{Digest, Sha256};

const MAGIC: &[u8] = b"\x7fhostaot";
const VERSION: u32 = 1;
const DIGEST: usize = 32;

/// The reason why a file of compiled code cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArtifactError {
    #[error("it is no compiled code")]
    Foreign,
    #[error("it was compiled by another version of this program")]
    Version,
    #[error("it is damaged")]
    Digest,
}

/// Returns whether a file is compiled code, by its first bytes.
pub(crate) fn is_artifact(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// Writes a file of some parts.
pub(crate) fn write(out: &mut impl Write, parts: &[impl AsRef<[u8]>]) -> io::Result<()> {
    let length = |part: &[u8]| (part.len() as u64).to_le_bytes();
    let mut digest = Sha256::new();
    for part in parts.iter().map(AsRef::as_ref) {
        digest.update(length(part));
        digest.update(part);
    }
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&digest.finalize())?;
    parts.iter().map(AsRef::as_ref).try_for_each(|part| {
        out.write_all(&length(part))?;
        out.write_all(part)
    })
}

/// Returns the parts of a file, if it is complete and unchanged.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<&[u8]>, ArtifactError> {
    let bytes = bytes.strip_prefix(MAGIC).ok_or(ArtifactError::Foreign)?;
    let (version, bytes) = bytes.split_first_chunk().ok_or(ArtifactError::Digest)?;
    if u32::from_le_bytes(*version) != VERSION {
        return Err(ArtifactError::Version);
    }
    let (digest, mut rest) = bytes.split_first_chunk::<DIGEST>().ok_or(ArtifactError::Digest)?;
    if Sha256::digest(rest).as_slice() != digest {
        return Err(ArtifactError::Digest);
    }
    let mut parts = Vec::new();
    while let Some((length, bytes)) = rest.split_first_chunk() {
        let length =
            usize::try_from(u64::from_le_bytes(*length)).map_err(|_| ArtifactError::Digest)?;
        let (part, bytes) = bytes.split_at_checked(length).ok_or(ArtifactError::Digest)?;
        parts.push(part);
        rest = bytes;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read() {
        let parts: [&[u8]; 3] = [b"one", b"", b"three"];
        let mut bytes = Vec::new();
        write(&mut bytes, &parts).unwrap();
        assert_eq!(read(&bytes).unwrap(), parts);
        (0..bytes.len()).for_each(|end| assert!(read(&bytes[..end]).is_err(), "{end}"));
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(read(&other).is_err(), "{at}");
        }
        bytes.push(0);
        assert_eq!(read(&bytes), Err(ArtifactError::Digest));
    }
}
