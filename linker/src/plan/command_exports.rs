//! Unwraps exports that wasm-ld has wrapped, so that each call of them runs as a whole program.
//!
//! wasm-ld does so ("command exports") where nothing calls or exports `__wasm_call_ctors`, as in a
//! Rust main without the link argument that exports it. Instead of `f` it exports
//! `f.command_export`:
//!
//! ```text
//! call $__wasm_call_ctors   if there are constructors
//! local.get 0 … n           the parameters of $f
//! call $f
//! call $__wasm_call_dtors   if its libc has that
//! ```
//!
//! In a process with other modules, which call back and whose data stays, constructors run once. So
//! a main's exports become the functions inside the wrappers, and the functions that the wrappers
//! call before and after them become `__wasm_call_ctors` and `__wasm_call_dtors`. Only the plain
//! data of the module changes: the wrappers stay in its code, where nothing calls them.

use std::sync::Arc;

use wasmparser::{Operator, OperatorsReader};

use crate::convention::{CALL_CONSTRUCTORS, CALL_DESTRUCTORS, INITIALIZE, START};
use crate::hash::HashSet;
use crate::module::sections::Contents;
use crate::module::sections::Signatures;
use crate::module::{Export, Module};
use crate::plan::input::InputModule;
use crate::types::{ExternType, FuncType};

/// The ending of a wrapper's name.
const SUFFIX: &str = ".command_export";

/// Exports the functions that a main's wrappers wrap instead of the wrappers, if it has any. Marks
/// a main whose wrappers have another form, so that a later check refuses it.
pub(crate) fn unwrap(input: &mut InputModule) {
    let initialises = |name| input.module.export(name).is_some();
    if !input.is_main() || [CALL_CONSTRUCTORS, INITIALIZE, START].into_iter().any(initialises) {
        return;
    }
    // Malformed code is reported when the module is written.
    let Ok(contents) = Contents::read(&input.bytes) else { return };
    match Exports::new(&input.module, &contents).read() {
        Wrapping::None => {}
        Wrapping::Unclear => {
            Arc::make_mut(&mut input.module).internals.has_command_exports = true;
        }
        Wrapping::Undone(unwrapped) => {
            unwrapped.apply(Arc::make_mut(&mut input.module));
            input.forget_index();
        }
    }
}

/// The functions that a module defines and exports.
struct Exports<'a> {
    contents: &'a Contents<'a>,
    signatures: Signatures,
    imported: u32,
    /// The index of each among the exports, and in the module.
    functions: Vec<(usize, u32)>,
    /// The number of different functions: wasm-ld writes a wrapper for each export.
    distinct: usize,
    /// How many of them have a name, and how many a wrapper's name.
    named: usize,
    named_as_wrappers: usize,
}

/// The calls of a wrapper.
struct Wrapper {
    /// One to three functions, in order.
    calls: Vec<u32>,
    /// The call that gets the parameters, if there are any.
    with_parameters: Option<usize>,
}

/// The form of wrappers: whether they call constructors and destructors.
#[derive(Clone, Copy)]
struct Shape {
    constructors: bool,
    destructors: bool,
}

const SHAPES: [Shape; 3] = [
    Shape { constructors: true, destructors: true },
    Shape { constructors: true, destructors: false },
    Shape { constructors: false, destructors: true },
];

/// The result for a module's exports.
enum Wrapping {
    /// They are not wrapped.
    None,
    /// There are wrappers, but it is not clear which functions they wrap.
    Unclear,
    Undone(Unwrapped),
}

/// The functions to export instead of wrappers.
struct Unwrapped {
    constructors: Option<u32>,
    destructors: Option<u32>,
    /// Indices among the exports, and the function to export there.
    functions: Vec<(usize, u32)>,
}

impl<'a> Exports<'a> {
    fn new(module: &Module, contents: &'a Contents<'a>) -> Self {
        let imported = module.internals.imported_functions;
        let exports = module.exports.iter().enumerate();
        let functions = exports.filter(|(_, export)| matches!(export.ty, ExternType::Func(_)));
        let functions: Vec<_> = functions
            .map(|(index, export)| (index, export.index))
            .filter(|(_, function)| *function >= imported)
            .collect();
        let exported: HashSet<_> = functions.iter().map(|(_, function)| *function).collect();
        let names = contents.function_names().filter(|naming| exported.contains(&naming.index));
        let names: Vec<_> = names.collect();
        let named_as_wrappers = names.iter().filter(|naming| naming.name.ends_with(SUFFIX)).count();
        Exports {
            contents,
            signatures: Signatures::new(module.imported_tag_types(), contents),
            imported,
            functions,
            distinct: exported.len(),
            named: names.len(),
            named_as_wrappers,
        }
    }

    /// Undoes the wrapping, where all exports are wrappers and there is one way to read all of
    /// them.
    fn read(&self) -> Wrapping {
        let are_named = self.named_as_wrappers > 0;
        let mut readings = self.readings();
        let is_one = are_named || readings.iter().any(|reading| self.is_as_linked(reading));
        match readings.pop() {
            Some(only) if is_one && readings.is_empty() => Wrapping::Undone(only),
            _ if is_one => Wrapping::Unclear,
            _ => Wrapping::None,
        }
    }

    /// Returns each way to read all exports as wrappers: which of two functions is the one that is
    /// wrapped does not always follow from their types.
    fn readings(&self) -> Vec<Unwrapped> {
        let are_of_one_kind = self.named == self.named_as_wrappers;
        if self.functions.is_empty() || self.distinct < self.functions.len() || !are_of_one_kind {
            return Vec::new();
        }
        let wrappers = self.functions.iter().map(|(_, function)| self.wrapper(*function));
        let Some(wrappers) = wrappers.collect::<Option<Vec<_>>>() else { return Vec::new() };
        SHAPES.iter().filter_map(|shape| self.in_shape(&wrappers, *shape)).collect()
    }

    /// Returns whether functions without names are where wasm-ld puts them: constructors first,
    /// wrappers last. By their calls alone functions that a compiler wrote could look the same.
    fn is_as_linked(&self, unwrapped: &Unwrapped) -> bool {
        let mut wrappers: Vec<_> = self.functions.iter().map(|(_, function)| *function).collect();
        wrappers.sort_unstable();
        let end = self.imported + self.contents.functions.len() as u32;
        let are_last =
            wrappers.iter().rev().zip((0..end).rev()).all(|(found, last)| *found == last);
        let constructors = unwrapped.constructors.filter(|first| *first == self.imported);
        are_last && constructors.is_some_and(|first| self.only_calls(first))
    }

    /// Returns whether a function does nothing but call others, as `__wasm_call_ctors` does.
    fn only_calls(&self, function: u32) -> bool {
        let is_call = |operator: wasmparser::Result<Operator<'_>>| {
            matches!(operator, Ok(Operator::Call { .. } | Operator::Drop | Operator::End))
        };
        self.operators(function).is_some_and(|operators| operators.into_iter().all(is_call))
    }

    /// Returns the instructions of a function without locals.
    fn operators(&self, function: u32) -> Option<OperatorsReader<'a>> {
        let body = self.contents.bodies.get(function.checked_sub(self.imported)? as usize)?;
        let locals = body.get_locals_reader().ok()?.get_count();
        body.get_operators_reader().ok().filter(|_| locals == 0)
    }

    /// Returns the calls of a function that only calls others and passes its parameters on.
    fn wrapper(&self, function: u32) -> Option<Wrapper> {
        let mut calls = Vec::new();
        let mut passed = 0;
        let mut with_parameters = None;
        for operator in self.operators(function)? {
            match operator.ok()? {
                Operator::LocalGet { local_index } if local_index == passed => {
                    passed += 1;
                    with_parameters = Some(calls.len());
                }
                Operator::Call { function_index } if calls.len() < 3 => calls.push(function_index),
                Operator::End => {}
                _ => return None,
            }
        }
        let parameters = self.signatures.function(self.ty(function)?)?.params().len();
        (passed as usize == parameters).then_some(Wrapper { calls, with_parameters })
    }

    /// Returns the functions inside wrappers that all have one shape, and call the same
    /// constructors and destructors.
    fn in_shape(&self, wrappers: &[Wrapper], shape: Shape) -> Option<Unwrapped> {
        let at = usize::from(shape.constructors);
        let count = at + 1 + usize::from(shape.destructors);
        let first = wrappers.first()?.calls.as_slice();
        let constructors = first.first().copied().filter(|_| shape.constructors);
        let destructors = first.last().copied().filter(|_| shape.destructors);
        let mut functions = Vec::new();
        for (wrapper, &(export, function)) in wrappers.iter().zip(&self.functions) {
            let Wrapper { calls, with_parameters } = wrapper;
            let same = calls.len() == count
                && constructors.is_none_or(|call| calls.first() == Some(&call))
                && destructors.is_none_or(|call| calls.last() == Some(&call));
            let wrapped = *calls.get(at)?;
            let fits = with_parameters.is_none_or(|call| call == at)
                && self.ty(wrapped)? == self.ty(function)?;
            (same && fits).then(|| functions.push((export, wrapped)))?;
        }
        let both = constructors.into_iter().chain(destructors);
        both.into_iter().all(|call| self.has_no_values(call)).then_some(Unwrapped {
            constructors,
            destructors,
            functions,
        })
    }

    /// Returns the index of the type of a function of the module's own.
    fn ty(&self, function: u32) -> Option<u32> {
        self.contents.functions.get(function.checked_sub(self.imported)? as usize).copied()
    }

    fn has_no_values(&self, function: u32) -> bool {
        let ty = self.ty(function).and_then(|ty| self.signatures.function(ty));
        ty.is_some_and(|ty| ty.params().is_empty() && ty.results().is_empty())
    }
}

impl Unwrapped {
    fn apply(self, module: &mut Module) {
        for (export, function) in self.functions {
            module.exports[export].index = function;
        }
        let constructors = self.constructors.map(|index| (CALL_CONSTRUCTORS, index));
        let destructors = self.destructors.map(|index| (CALL_DESTRUCTORS, index));
        for (name, index) in constructors.into_iter().chain(destructors) {
            let ty = ExternType::Func(FuncType::default().into());
            module.exports.push(Export { name: name.to_owned(), ty, index });
        }
    }
}
