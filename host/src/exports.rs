//! The functions that a module exports.

use linker::{FuncType, Module};

use crate::error::Error;

/// The type of an exported function.
///
/// # Errors
///
/// When there is none of that name, with those that there are.
pub fn function<'m>(module: &'m Module, name: &str) -> Result<&'m FuncType, Error> {
    module.function(name).ok_or_else(|| Error::NoFunction {
        module: module.name.clone(),
        name: name.to_owned(),
        functions: functions(module),
    })
}

/// Every exported function with its type.
pub fn functions(module: &Module) -> Vec<(String, FuncType)> {
    module.functions().map(|(name, ty)| (name.to_owned(), ty.clone())).collect()
}
