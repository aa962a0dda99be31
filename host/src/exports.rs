//! The functions that a module exports.

use linker::{FuncType, Module};

use crate::error::Error;

/// Returns the type of an exported function.
///
/// # Errors
///
/// [`Error::NoFunction`] with all functions that the module exports, if none has this name.
pub fn function<'m>(module: &'m Module, name: &str) -> Result<&'m FuncType, Error> {
    module.function(name).ok_or_else(|| Error::NoFunction {
        module: module.name.clone(),
        name: name.to_owned(),
        functions: functions(module),
    })
}

/// Returns the name and the type of each exported function.
pub fn functions(module: &Module) -> Vec<(String, FuncType)> {
    module.functions().map(|(name, ty)| (name.to_owned(), ty.clone())).collect()
}
