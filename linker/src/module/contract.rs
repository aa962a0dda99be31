//! The signatures that a module must have.

use crate::fault::{Fault, Faults};
use crate::module::data::Module;
use crate::suggest::{WORK, nearest};
use crate::types::{ExternType, FuncType, ParseFuncTypeError};

/// The functions that a module must import and export. It may have more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contract {
    /// The functions that it must import.
    pub imports: Vec<Expectation>,
    /// The functions that it must export.
    pub exports: Vec<Expectation>,
}

/// The name and type of an imported or exported function: `env.add: (i32, i32) -> i32`.
///
/// ```
/// let add = linker::Expectation::import("env.add: (i32, i32) -> i32")?;
/// assert_eq!((add.module.as_str(), add.name.as_str()), ("env", "add"));
/// # Ok::<(), linker::ContractError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// The module name of an import; empty for exports.
    pub module: String,
    /// The function's name.
    pub name: String,
    /// The function's type.
    pub ty: FuncType,
}

/// A text is not an [`Expectation`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; write `{example}`")]
#[non_exhaustive]
pub struct ContractError {
    /// Offset in bytes from the start of the text.
    pub offset: usize,
    /// The tokens that were expected and found.
    pub message: String,
    /// A text in the right form.
    pub example: &'static str,
}

const EXPORT_EXAMPLE: &str = "foo: (i32) -> i32";
const IMPORT_EXAMPLE: &str = "env.add: (i32, i32) -> i32";

impl Expectation {
    /// Parses an export's `NAME: SIGNATURE`.
    ///
    /// # Errors
    ///
    /// When the text does not have that form.
    pub fn export(text: &str) -> Result<Self, ContractError> {
        let (name, ty) = named_type(text, EXPORT_EXAMPLE)?;
        Ok(Expectation { module: String::new(), name: name.to_owned(), ty })
    }

    /// Parses an import's `MODULE.NAME: SIGNATURE`.
    ///
    /// # Errors
    ///
    /// When the text does not have that form.
    pub fn import(text: &str) -> Result<Self, ContractError> {
        let (path, ty) = named_type(text, IMPORT_EXAMPLE)?;
        // Module names may have dots (`GOT.mem`), names of functions have none.
        match path.rsplit_once('.') {
            Some((module, name)) if !module.is_empty() && !name.is_empty() => {
                Ok(Expectation { module: module.to_owned(), name: name.to_owned(), ty })
            }
            _ => Err(ContractError {
                offset: 0,
                message: format!("expected a module and a name, found `{path}`"),
                example: IMPORT_EXAMPLE,
            }),
        }
    }
}

fn named_type<'a>(
    text: &'a str,
    example: &'static str,
) -> Result<(&'a str, FuncType), ContractError> {
    let error = |offset, message| ContractError { offset, message, example };
    let (name, signature) = text
        .split_once(':')
        .ok_or_else(|| error(text.len(), "expected `:` and a signature".to_owned()))?;
    if name.trim().is_empty() {
        return Err(error(0, "expected a name before `:`".to_owned()));
    }
    let start = text.len() - signature.len();
    let ty = signature
        .parse()
        .map_err(|e: ParseFuncTypeError| error(start + e.offset, e.to_string()))?;
    Ok((name.trim(), ty))
}

impl Contract {
    /// Checks that a module has the functions of the contract.
    ///
    /// # Errors
    ///
    /// Every function that is missing or has another type.
    pub fn check(&self, module: &Module) -> Result<(), Faults> {
        let imports = self.imports.iter().filter_map(|wanted| import_fault(module, wanted));
        let exports = self.exports.iter().filter_map(|wanted| export_fault(module, wanted));
        imports.chain(exports).collect::<Faults>().into_result()
    }
}

fn import_fault(module: &Module, wanted: &Expectation) -> Option<Fault> {
    let (importer, expected) = (module.name.clone(), ExternType::Func(wanted.ty.clone().into()));
    let (from, name) = (wanted.module.clone(), wanted.name.clone());
    match module.imports.iter().find(|i| i.module == wanted.module && i.name == wanted.name) {
        None => Some(Fault::MissingImport { importer, module: from, name, expected }),
        Some(import) if import.ty == expected => None,
        Some(import) => {
            let found = import.ty.clone();
            Some(Fault::ImportMismatch { importer, module: from, name, expected, found })
        }
    }
}

fn export_fault(module: &Module, wanted: &Expectation) -> Option<Fault> {
    let (name, expected) = (wanted.name.clone(), ExternType::Func(wanted.ty.clone().into()));
    match module.export(&name) {
        None => {
            let candidate =
                nearest(&name, module.exports.iter().map(|e| e.name.as_str()), &mut WORK.clone());
            let candidate = candidate.map(str::to_owned);
            let module = module.name.clone();
            Some(Fault::MissingExport { module, name, expected, candidate })
        }
        Some(export) if export.ty == expected => None,
        Some(export) => {
            let (module, found) = (module.name.clone(), export.ty.clone());
            Some(Fault::ExportMismatch { module, name, expected, found })
        }
    }
}
