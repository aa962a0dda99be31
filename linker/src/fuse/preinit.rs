//! Finds what keeps a program from being written as its constructors leave it.
//!
//! Such a program contains its memories and the values of its globals. The content of its tables is
//! that of their segments, so nothing may change a table, neither a constructor nor later code. Nor
//! can the program contain references to objects, or the fact that a segment was dropped which its
//! later code refers to.

use std::collections::BTreeMap;

use wasmparser::Operator;

use crate::fuse::environment::SET_AT_START;
use crate::fuse::error::{FuseError, PreinitFault};
use crate::fuse::program::{Program, Root};
use crate::names::demangle;
use crate::plan::layout::ItemId;
use crate::plan::libc_choice;
use crate::plan::resolve::ImportTarget;
use crate::write::live::Live;

/// Checks that the program can be written as its constructors leave it.
///
/// # Errors
///
/// All reasons against it, module by module.
pub(crate) fn check(
    program: &Program<'_>,
    live: &Live,
    exports: &[String],
    roots: impl IntoIterator<Item = Root>,
) -> Result<(), FuseError> {
    let mut faults = variables(program, live);
    faults.extend(exported_variables(program, exports));
    faults.extend(references(program, live));
    let mut names = Names::new();
    let later = program.mark_after_start(roots);
    for id in live.functions.iter() {
        faults.extend(instructions(program, id, &later, &mut names));
    }
    if faults.is_empty() { Ok(()) } else { Err(FuseError::Preinit { faults }) }
}

/// The names of functions, by module and index. It has the modules whose names were needed so far.
type Names<'a> = BTreeMap<usize, BTreeMap<u32, &'a str>>;

/// Returns the name of a function in messages.
fn function_name<'a>(program: &Program<'a>, id: ItemId, names: &mut Names<'a>) -> String {
    let names = names.entry(id.module).or_insert_with(|| {
        let mut names = BTreeMap::new();
        for naming in program.contents[id.module].function_names() {
            names.entry(naming.index).or_insert(naming.name);
        }
        names
    });
    match names.get(&id.index) {
        Some(name) => demangle(name).into_owned(),
        None => format!("function {}", id.index),
    }
}

fn name(program: &Program<'_>, module: usize) -> String {
    program.targets.plan.set.inputs[module].module.name.clone()
}

/// Returns whether libc sets a variable when the program starts.
fn is_set_at_start(program: &Program<'_>, module: usize, symbol: &str) -> bool {
    let system = program.targets.plan.set.inputs[module].system;
    system.is_some_and(libc_choice::is_libc) && SET_AT_START.contains(&symbol)
}

/// Finds the modules that use variables which are set when the program starts.
fn variables(program: &Program<'_>, live: &Live) -> Vec<PreinitFault> {
    let plan = program.targets.plan;
    let mut faults = Vec::new();
    for &module in &live.active {
        let imports = &plan.set.inputs[module].module.imports;
        for (import, target) in imports.iter().zip(&plan.resolution[module]) {
            if let ImportTarget::DataAddress(Some(definition)) = target
                && definition.module != module
                && is_set_at_start(program, definition.module, &import.name)
            {
                faults.push(PreinitFault::SetAtStart {
                    module: name(program, module),
                    symbol: import.name.clone(),
                });
            }
        }
    }
    faults
}

/// Finds the exported variables which are set when the program starts.
fn exported_variables(program: &Program<'_>, exports: &[String]) -> Vec<PreinitFault> {
    let plan = program.targets.plan;
    let is_set = |symbol: &&String| {
        let definer = plan.definer(symbol);
        definer.is_some_and(|module| is_set_at_start(program, module, symbol))
    };
    let fault = |symbol: &String| PreinitFault::SetAtStart {
        module: name(program, plan.set.program),
        symbol: symbol.clone(),
    };
    exports.iter().filter(is_set).map(fault).collect()
}

/// Finds the modules with mutable globals that hold references.
fn references(program: &Program<'_>, live: &Live) -> Vec<PreinitFault> {
    let holds_reference = |id: &ItemId| {
        let imported = program.targets.imported(id.module).globals;
        // Code that is not valid fails when it is written.
        let global = program.contents[id.module].globals.get((id.index - imported) as usize);
        global.is_some_and(|g| g.ty.mutable && g.ty.content_type.is_reference_type())
    };
    let mut modules: Vec<_> =
        live.globals.iter().filter(holds_reference).map(|id| id.module).collect();
    modules.sort_unstable();
    modules.dedup();
    modules.into_iter().map(|m| PreinitFault::Reference { module: name(program, m) }).collect()
}

/// Finds the instructions of a function whose effects would be lost.
/// `later` is what the program needs afterwards.
fn instructions<'a>(
    program: &Program<'a>,
    id: ItemId,
    later: &Live,
    names: &mut Names<'a>,
) -> Vec<PreinitFault> {
    let imported = program.targets.imported(id.module).functions;
    let body = program.contents[id.module].bodies.get((id.index - imported) as usize);
    let operators = body.and_then(|body| body.get_operators_reader().ok());
    // Nothing notices that a segment was dropped if no later code refers to it. Modules that are
    // compiled for threads copy their data from segments that they then drop. The instruction is
    // left out: the program is not written otherwise.
    let is_noticed = |operator: &Operator<'_>| match *operator {
        Operator::DataDrop { data_index } => {
            later.data.contains(ItemId { module: id.module, index: data_index })
        }
        _ => true,
    };
    let operators = operators.into_iter().flatten().flatten().filter(is_noticed);
    let mut found: Vec<_> = operators.filter_map(|operator| lost(&operator)).collect();
    found.sort_unstable();
    found.dedup();
    let mut fault = |instruction| PreinitFault::Instruction {
        module: name(program, id.module),
        function: function_name(program, id, names),
        instruction,
    };
    found.into_iter().map(&mut fault).collect()
}

/// Returns the name of an instruction whose effect would be lost.
fn lost(operator: &Operator<'_>) -> Option<&'static str> {
    match operator {
        Operator::TableCopy { .. } => Some("table.copy"),
        Operator::TableInit { .. } => Some("table.init"),
        Operator::TableSet { .. } => Some("table.set"),
        Operator::TableGrow { .. } => Some("table.grow"),
        Operator::TableFill { .. } => Some("table.fill"),
        Operator::ElemDrop { .. } => Some("elem.drop"),
        Operator::DataDrop { .. } => Some("data.drop"),
        Operator::StructSet { .. } => Some("struct.set"),
        Operator::ArraySet { .. } => Some("array.set"),
        Operator::ArrayFill { .. } => Some("array.fill"),
        Operator::ArrayCopy { .. } => Some("array.copy"),
        Operator::ArrayInitData { .. } => Some("array.init_data"),
        Operator::ArrayInitElem { .. } => Some("array.init_elem"),
        _ => None,
    }
}
