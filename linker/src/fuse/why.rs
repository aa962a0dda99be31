//! Explains why a function or variable is in a fused program.

use std::collections::BTreeMap;

use wasmparser::Naming;

use crate::fuse::error::FuseError;
use crate::fuse::options::FuseOptions;
use crate::fuse::program::Program;
use crate::module::relocations::data_names;
use crate::names::demangle;
use crate::plan::Plan;
use crate::plan::layout::ItemId;
use crate::types::ExternType;
use crate::write::live::{Live, Needed};

impl Plan {
    /// Returns why a function or variable is in the program that [`Plan::fuse`] writes with these
    /// options: what the program exports or starts with, what that refers to, and so on up to the
    /// symbol. Returns nothing if the symbol is left out, or does not exist.
    ///
    /// The symbol is the mangled name that it has as an export, in a name section, or in a symbol
    /// table.
    ///
    /// # Errors
    ///
    /// As [`Plan::fuse`].
    pub fn why_kept(&self, symbol: &str, options: &FuseOptions) -> Result<Vec<String>, FuseError> {
        let live = Live { causes: Some(Default::default()), ..Live::default() };
        self.with_needed(options, live, |needed| {
            let (program, live) = (&needed.program, &needed.live);
            let names: Vec<_> = program.contents.iter().map(data_names).collect();
            let modules = 0..program.contents.len();
            let mut named = modules.flat_map(|module| named(program, &names, module, symbol));
            let chain = named.find_map(|item| chain(live, item)).unwrap_or_default();
            Ok(chain.into_iter().map(|needed| name(program, &names, needed)).collect())
        })
    }
}

/// The names of the data symbols of each module, by index.
type DataNames<'a> = [BTreeMap<u32, &'a str>];

/// Returns what has a name in a module.
fn named(
    program: &Program<'_>,
    data_names: &DataNames<'_>,
    module: usize,
    symbol: &str,
) -> Vec<Needed> {
    let contents = &program.contents[module];
    let has_name = |naming: &Naming<'_>| naming.name == symbol;
    let functions = contents.function_names().filter(has_name).map(|naming| naming.index);
    let functions = functions.chain(contents.exported_function(symbol));
    let mut named: Vec<_> =
        functions.map(|index| Needed::Function(ItemId { module, index })).collect();
    match &program.symbols[module] {
        Some(symbols) => {
            let names = &data_names[module];
            let of_symbol = symbols.pieces_named(|index| names.get(&index) == Some(&symbol));
            named.extend(of_symbol.map(|index| Needed::Piece(ItemId { module, index })));
        }
        // Without symbols, the data of a module is kept whole or not at all.
        None => named.extend(exports_data(program, module, symbol).then_some(Needed::Data(module))),
    }
    named
}

/// Returns whether a module exports a variable.
fn exports_data(program: &Program<'_>, module: usize, symbol: &str) -> bool {
    let export = program.targets.plan.set.inputs[module].module.export(symbol);
    export.is_some_and(|export| matches!(export.ty, ExternType::Global(_)))
}

/// Returns the causes of something that is needed, the first one first, and itself.
fn chain(live: &Live, needed: Needed) -> Option<Vec<Needed>> {
    let causes = live.causes.as_ref()?;
    let mut chain = vec![needed];
    let mut cause = *causes.get(&needed)?;
    while let Some(needed) = cause {
        chain.push(needed);
        cause = *causes.get(&needed)?;
    }
    chain.reverse();
    Some(chain)
}

/// Returns the name of something that is needed, in messages.
fn name(program: &Program<'_>, data_names: &DataNames<'_>, needed: Needed) -> String {
    let module = |module: usize| program.targets.plan.set.inputs[module].module.name.as_str();
    match needed {
        Needed::Function(id) => format!("{}: {}", module(id.module), program.function_name(id)),
        Needed::Piece(id) => {
            let symbols = program.symbols[id.module].as_ref();
            let symbol = symbols.and_then(|symbols| symbols.names[id.index as usize]);
            let names = &data_names[id.module];
            let name = symbol.and_then(|symbol| names.get(&symbol).copied());
            match name {
                Some(name) => format!("{}: {}", module(id.module), demangle(name)),
                None => format!("{}: data without a name", module(id.module)),
            }
        }
        Needed::Data(index) => format!("{}: its data", module(index)),
        Needed::Module(index) => format!("{}: its constructors", module(index)),
    }
}
