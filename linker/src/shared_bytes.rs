//! Bytes with several owners.

use std::ops::Deref;
use std::sync::Arc;

/// Bytes that cannot change, and that clones share. Those of a vector are not copied.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SharedBytes(Arc<Vec<u8>>);

impl SharedBytes {
    /// Returns whether both are clones of the same bytes.
    pub(crate) fn is_clone_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Deref for SharedBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for SharedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SharedBytes {
    fn from(bytes: Vec<u8>) -> Self {
        SharedBytes(Arc::new(bytes))
    }
}

impl From<&[u8]> for SharedBytes {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}
