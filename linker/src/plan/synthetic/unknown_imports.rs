//! Functions that modules import and that nothing defines, as a module whose functions trap.
//!
//! A prebuilt library may refer to functions that the program never calls. If
//! [`Set::unknown_imports_trap`](crate::Set::unknown_imports_trap) says so, each of them is defined
//! here. Its name says what was called, in every engine:
//!
//! ```text
//! (func $"undefined: bar" (export "env.bar: (i32) -> i32") (export "GOT.func.bar")
//!   (param i32) (result i32)
//!   (unreachable))
//! ```

use wasm_encoder::{ExportKind, Function, TagSection, ValType};

use crate::convention::{ENV, GOT_FUNC};
use crate::hash::HashMap;
use crate::module::Import;
use crate::names::{demangle, printable};
use crate::plan::input::{InputModule, SyntheticKind};
use crate::plan::synthetic::ModuleWriter;
use crate::plan::synthetic::command::synthetic_module;
use crate::types::ExternType;

/// The name of the module in messages.
const NAME: &str = "unknown-imports";

/// The beginning of the functions' names.
const PREFIX: &str = "undefined: ";

/// Returns the name under which the module exports the function for an import. Every import of a
/// function has its own, since modules may expect different types of one function.
pub(crate) fn export_name(import: &Import) -> String {
    match &import.ty {
        ExternType::Func(ty) => format!("{}.{}: {ty}", import.module, import.name),
        _ => format!("{}.{}", import.module, import.name),
    }
}

/// Returns the module that defines these functions, each of which is there once. It is a shared
/// library if modules of the program share a memory.
pub(crate) fn module(functions: &[Import], is_shared: bool) -> Option<InputModule> {
    let mut writer = Writer::default();
    let (addresses, calls): (Vec<_>, Vec<_>) = functions.iter().partition(|it| it.is_address());
    calls.into_iter().for_each(|import| writer.define(import));
    addresses.into_iter().for_each(|import| writer.define_address(import));
    if writer.is_empty {
        return None;
    }
    let module = writer.module;
    let bytes = if is_shared { module.finish(&TagSection::new()) } else { module.finish_plain() };
    synthetic_module(NAME, bytes, SyntheticKind::UnknownImports)
}

/// Returns the fault that one of the functions reports by a trap, by its name: in a fused program
/// nothing else identifies it.
pub(crate) fn reported_fault(function: &str) -> Option<String> {
    let symbol = function.strip_prefix(PREFIX)?;
    Some(format!("`{}` was called, and no module defines it", printable(symbol)))
}

struct Writer<'a> {
    module: ModuleWriter,
    is_empty: bool,
    /// The first function of each name that is imported from `env`.
    functions: HashMap<&'a str, u32>,
}

impl Default for Writer<'_> {
    fn default() -> Self {
        Writer { module: ModuleWriter::default(), is_empty: true, functions: HashMap::default() }
    }
}

impl<'a> Writer<'a> {
    /// Defines a function that is called.
    fn define(&mut self, import: &'a Import) {
        let ExternType::Func(ty) = &import.ty else { return };
        let types = |types: &[wasmparser::ValType]| {
            types.iter().map(|ty| ValType::try_from(*ty).ok()).collect::<Option<Vec<_>>>()
        };
        let Some((params, results)) = types(&ty.params).zip(types(&ty.results)) else {
            debug_assert!(false, "the resolver leaves types of a module's own out");
            return;
        };
        let function = self.add(import, params, results);
        if import.module == ENV {
            self.functions.entry(&import.name).or_insert(function);
        }
    }

    /// Defines a function whose address is taken, unless it is also called. Its type is not known
    /// then, so only a call without parameters and results reaches it; any other call traps too,
    /// since it is of the wrong type.
    fn define_address(&mut self, import: &'a Import) {
        match self.functions.get(import.name.as_str()) {
            Some(&function) => self.export(import, function),
            None => {
                self.add(import, Vec::new(), Vec::new());
            }
        }
    }

    fn add(&mut self, import: &Import, params: Vec<ValType>, results: Vec<ValType>) -> u32 {
        let symbol = match import.module.as_str() {
            ENV | GOT_FUNC => demangle(&import.name).into_owned(),
            module => format!("{}.{}", printable(module), demangle(&import.name)),
        };
        let mut body = Function::new([]);
        body.instructions().unreachable().end();
        let ty = self.module.type_index(params, results);
        let function = self.module.define_inside(&format!("{PREFIX}{symbol}"), ty, &body);
        self.export(import, function);
        function
    }

    fn export(&mut self, import: &Import, function: u32) {
        self.module.exports.export(&export_name(import), ExportKind::Func, function);
        self.is_empty = false;
    }
}
