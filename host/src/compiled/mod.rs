//! Compiled code: of programs, of libraries that are opened later, and in the cache.

pub(crate) mod cache;
pub(crate) mod code;
pub(crate) mod libraries;
