//! Compiled code: as bytes, in a cache, and of libraries that are opened later.

pub(crate) mod cache;
pub(crate) mod code;
pub(crate) mod libraries;
