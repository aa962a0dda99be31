//! Writes modules out: each by itself (*bind*).

pub(crate) mod atomics;
pub(crate) mod bind;
pub(crate) mod bound;
pub(crate) mod emit;
pub(crate) mod error;
pub(crate) mod legacy_exceptions;
pub(crate) mod live;
pub(crate) mod standalone;
pub(crate) mod targets;
