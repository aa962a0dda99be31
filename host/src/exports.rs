//! The functions that a program exports.

use linker::{FuncType, Module};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::Error;

/// The functions that a module exports, with their types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exports {
    module: String,
    is_command: bool,
    #[serde(serialize_with = "serialize", deserialize_with = "deserialize")]
    functions: Vec<(String, FuncType)>,
}

impl Exports {
    /// Returns the functions that a module exports.
    pub fn of(module: &Module) -> Self {
        let functions = module.functions().map(|(name, ty)| (name.to_owned(), ty.clone()));
        Exports {
            module: module.name.clone(),
            is_command: module.is_command(),
            functions: functions.collect(),
        }
    }

    /// Returns the name of the module.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// Returns whether the module is a command: a program with a `_start`.
    pub fn is_command(&self) -> bool {
        self.is_command
    }

    /// Returns the name and the type of each function.
    pub fn functions(&self) -> &[(String, FuncType)] {
        &self.functions
    }

    /// Returns the type of the function with a name.
    ///
    /// # Errors
    ///
    /// [`Error::NoFunction`] with all functions, if none has this name.
    pub fn function(&self, name: &str) -> Result<&FuncType, Error> {
        let found = self.functions.iter().find(|(other, _)| other == name);
        found.map(|(_, ty)| ty).ok_or_else(|| Error::NoFunction {
            module: self.module.clone(),
            name: name.to_owned(),
            functions: self.functions.clone(),
        })
    }
}

/// Writes each type as text.
fn serialize<S: Serializer>(
    functions: &[(String, FuncType)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(functions.iter().map(|(name, ty)| (name, ty.to_string())))
}

fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(String, FuncType)>, D::Error> {
    let functions = Vec::<(String, String)>::deserialize(deserializer)?;
    let parse = |(name, ty): (String, String)| Ok((name, ty.parse()?));
    let functions: Result<_, linker::ParseFuncTypeError> =
        functions.into_iter().map(parse).collect();
    functions.map_err(serde::de::Error::custom)
}
