//! Errors of writing a module.

use wasm_encoder::reencode;

use crate::names::printable;
use crate::write::legacy_exceptions;

pub(crate) type WriteError = reencode::Error<Invalid>;

pub(crate) type WriteResult<T> = Result<T, WriteError>;

/// A fault of a module that its parser does not find.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("a type is used that does not exist, or one that another module defines")]
    Type,
    #[error("its code refers to {kind} {index}, which does not exist")]
    Index { kind: &'static str, index: u32 },
    /// No compiler writes such code, and the other modules would not see the assignment.
    #[error("its code assigns to an address that the linker settles, an entry of the GOT")]
    Assignment,
    #[error(transparent)]
    Exceptions(#[from] legacy_exceptions::Fault),
    /// A fault of the linker.
    #[error("internal error of the linker: {0}")]
    Internal(&'static str),
}

impl From<legacy_exceptions::Error> for WriteError {
    fn from(error: legacy_exceptions::Error) -> Self {
        match error {
            legacy_exceptions::Error::Malformed(error) => WriteError::ParseError(error),
            legacy_exceptions::Error::Fault(fault) => WriteError::UserError(fault.into()),
        }
    }
}

/// The error of a module that cannot be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{module}` cannot be linked: {message}")]
#[non_exhaustive]
pub struct BindError {
    /// The name of the module.
    pub module: String,
    /// The fault of its code.
    pub message: String,
}

impl BindError {
    pub(crate) fn new(module: &str, error: &WriteError) -> Self {
        let message = match error {
            WriteError::ParseError(error) => error.to_string(),
            WriteError::UserError(invalid) => invalid.to_string(),
            other => other.to_string(),
        };
        BindError { module: module.to_owned(), message: printable(&message).into_owned() }
    }
}
