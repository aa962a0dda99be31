//! Writes modules out: each by itself (*bind*), or several as one (for *fuse*).

pub(crate) mod atomics;
pub(crate) mod bind;
pub(crate) mod bound;
pub(crate) mod emit;
pub(crate) mod encode;
pub(crate) mod error;
pub(crate) mod fold;
pub(crate) mod inlinable;
pub(crate) mod inline;
pub(crate) mod legacy_exceptions;
pub(crate) mod live;
pub(crate) mod part;
pub(crate) mod reindex;
pub(crate) mod standalone;
pub(crate) mod stub;
pub(crate) mod targets;
