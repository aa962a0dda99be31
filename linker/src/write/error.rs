//! What keeps a module from being written.

use wasm_encoder::reencode;

use crate::names::printable;
use crate::write::legacy_exceptions;

pub(crate) type WriteError = reencode::Error<Invalid>;

pub(crate) type WriteResult<T> = Result<T, WriteError>;

/// What is wrong with a module, beyond what its parser finds.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("a type is used that does not exist, or one that another module defines")]
    Type,
    /// No compiler writes such code, and what one module would do to an address the others would not see.
    #[error("its code assigns to an address that the linker settles, an entry of the GOT")]
    Assignment,
    #[error(transparent)]
    Exceptions(#[from] legacy_exceptions::Fault),
}

impl From<legacy_exceptions::Error> for WriteError {
    fn from(error: legacy_exceptions::Error) -> Self {
        match error {
            legacy_exceptions::Error::Malformed(error) => WriteError::ParseError(error),
            legacy_exceptions::Error::Fault(fault) => WriteError::UserError(fault.into()),
        }
    }
}

/// A module could not be rewritten.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{module}` cannot be linked: {message}")]
pub struct BindError {
    pub module: String,
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
