//! Compiled code: of programs, of libraries that are opened later, and in the cache.

pub(crate) mod cache;
pub(crate) mod code;
mod entry;
pub(crate) mod key;
pub(crate) mod libraries;
