//! What keeps a program from being written as its constructors leave it.
//!
//! Such a program has its memories and the numbers in its globals. A table has no such content: it is what its
//! segments say, so nothing may change it, whether a constructor does or what runs later. Nor can references
//! to objects be written, or which segments were dropped.

use std::collections::BTreeMap;

use wasmparser::Operator;

use crate::fuse::error::PreinitFault;
use crate::fuse::liveness::Program;
use crate::names::demangle;
use crate::plan::layout::ItemId;
use crate::plan::resolve::ImportTarget;
use crate::plan::system_libraries::LIBC;
use crate::write::live::Live;

/// Variables of libc with the environment and the name of the program. Its functions ask for these when they
/// first need them; who reads such a variable by itself relies on a constructor to have done so.
const SET_AT_START: [&str; 8] = [
    "__environ",
    "___environ",
    "_environ",
    "environ",
    "__progname",
    "__progname_full",
    "program_invocation_name",
    "program_invocation_short_name",
];

/// Every reason there is, module by module.
pub(crate) fn faults(program: &Program<'_>, live: &Live, exports: &[String]) -> Vec<PreinitFault> {
    let mut faults = variables(program, live, exports);
    faults.extend(references(program, live));
    let mut functions: Vec<_> = live.functions.iter().collect();
    functions.sort_unstable();
    let mut names = Names::new();
    faults.extend(functions.into_iter().flat_map(|id| instructions(program, id, &mut names)));
    faults
}

/// The names of functions, by module, as far as they were asked for.
type Names<'a> = BTreeMap<usize, BTreeMap<u32, &'a str>>;

/// How messages call a function.
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

fn variables(program: &Program<'_>, live: &Live, exports: &[String]) -> Vec<PreinitFault> {
    let plan = program.targets.plan;
    let is_set = |module: usize, symbol: &str| {
        plan.set.inputs[module].system == Some(LIBC) && SET_AT_START.contains(&symbol)
    };
    let mut faults = Vec::new();
    for &module in &live.active {
        let imports = &plan.set.inputs[module].module.imports;
        for (import, target) in imports.iter().zip(&plan.resolution[module]) {
            if let ImportTarget::DataAddress(Some(definition)) = target
                && definition.module != module
                && is_set(definition.module, &import.name)
            {
                let (module, symbol) = (name(program, module), import.name.clone());
                faults.push(PreinitFault::SetAtStart { module, symbol });
            }
        }
    }
    let exported =
        exports.iter().filter(|symbol| plan.definer(symbol).is_some_and(|m| is_set(m, symbol)));
    let module = || name(program, plan.set.program);
    faults
        .extend(exported.map(|s| PreinitFault::SetAtStart { module: module(), symbol: s.clone() }));
    faults
}

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

fn instructions<'a>(program: &Program<'a>, id: ItemId, names: &mut Names<'a>) -> Vec<PreinitFault> {
    let imported = program.targets.imported(id.module).functions;
    let body = program.contents[id.module].bodies.get((id.index - imported) as usize);
    let operators = body.and_then(|body| body.get_operators_reader().ok());
    let mut found: Vec<_> =
        operators.into_iter().flatten().flatten().filter_map(|operator| lost(&operator)).collect();
    found.sort_unstable();
    found.dedup();
    let mut fault = |instruction| PreinitFault::Instruction {
        module: name(program, id.module),
        function: function_name(program, id, names),
        instruction,
    };
    found.into_iter().map(&mut fault).collect()
}

/// The name of an instruction whose effect would be lost.
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
