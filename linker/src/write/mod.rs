//! Writes modules out: each by itself (*bind*).

pub(crate) mod atomics;
pub(crate) mod bind;
pub(crate) mod emit;
pub(crate) mod legacy_exceptions;
pub(crate) mod standalone;
pub(crate) mod targets;
