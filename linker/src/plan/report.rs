//! The reports of a plan: as text, as JSON, and about one symbol.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::c_library::CLibrarySign;
use crate::convention::ENV;
use crate::module::Kind;
use crate::names::{demangle, printable};
use crate::plan::Plan;
use crate::plan::host_imports::WASI;
use crate::plan::input::InputModule;
use crate::plan::libc_choice::{self, Says};
use crate::plan::resolve::{ImportTarget, Shared};
use crate::plan::set::{Definition, Symbols};
use crate::plan::warning::Warning;

/// A plan in JSON.
#[derive(Debug, Serialize)]
struct Report<'a> {
    /// In the order of instantiation.
    modules: Vec<ModuleReport<'a>>,
    memory: MemoryReport,
    table: TableReport<'a>,
    /// Functions called after all modules are instantiated, in order.
    initialisers: Vec<SymbolReport<'a>>,
    warnings: Vec<Warning>,
}

#[derive(Debug, Serialize)]
struct ModuleReport<'a> {
    name: &'a str,
    /// Its position in the order in which symbols are looked up, from 0.
    lookup: usize,
    kind: Kind,
    /// The file that was given in place of this system library.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
    /// The C library that it was compiled for, and what tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    c_library: Option<Says>,
    /// Whether it calls WASI without the program's C library, as a main does that contains one.
    #[serde(skip_serializing_if = "is_false")]
    calls_wasi: bool,
    /// The address of its data in bytes; null if it has a memory of its own or fixed addresses.
    memory_base: Option<u32>,
    memory_size: Option<u32>,
    /// The first slot of its part of the table.
    table_base: Option<u32>,
    table_size: Option<u32>,
    imports: Vec<ImportReport<'a>>,
}

#[derive(Debug, Serialize)]
struct ImportReport<'a> {
    module: &'a str,
    name: &'a str,
    #[serde(rename = "type")]
    ty: &'a crate::types::ExternType,
    /// The module that defines it; null if the process or the host defines it, or if it is
    /// undefined.
    definer: Option<&'a str>,
    /// The address or table slot that it becomes.
    value: Option<u32>,
    /// The table slot through which a function of a later module is called.
    slot: Option<u32>,
}

#[derive(Debug, Serialize)]
struct MemoryReport {
    /// The initial pages of 64 KiB.
    pages: u64,
    stack_low: u32,
    stack_high: u32,
    heap_base: u32,
}

#[derive(Debug, Serialize)]
struct TableReport<'a> {
    /// The initial elements.
    size: u32,
    /// The slots that the linker fills.
    slots: Vec<SlotReport<'a>>,
}

#[derive(Debug, Serialize)]
struct SlotReport<'a> {
    slot: u32,
    #[serde(flatten)]
    function: SymbolReport<'a>,
}

#[derive(Debug, Serialize)]
struct SymbolReport<'a> {
    module: &'a str,
    name: &'a str,
}

/// Serializes the report that [`Plan`] describes.
impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let layout = &self.layout;
        let initialisers = self.initialisers();
        let report = Report {
            modules: layout.order.iter().map(|&module| self.module_report(module)).collect(),
            memory: MemoryReport {
                pages: layout.pages,
                stack_low: layout.stack_low,
                stack_high: layout.stack_high,
                heap_base: layout.heap_base,
            },
            table: TableReport {
                size: layout.table_size,
                slots: self
                    .slots()
                    .map(|(slot, definition)| SlotReport {
                        slot,
                        function: self.symbol(definition),
                    })
                    .collect(),
            },
            initialisers: initialisers
                .iter()
                .map(|call| SymbolReport { module: self.name(call.module), name: &call.name })
                .collect(),
            warnings: self.warnings(),
        };
        report.serialize(serializer)
    }
}

/// The modules that import and define a symbol.
///
/// Its [`Display`](fmt::Display) is a report for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why<'a> {
    /// The symbol, mangled.
    pub symbol: &'a str,
    /// The modules that import it.
    pub wanted_by: Vec<&'a str>,
    /// The modules that define it, in the order of lookup: the first one is taken.
    pub offered_by: Vec<&'a str>,
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |names: &[&str]| match names {
            [] => "nobody".to_owned(),
            names => names.join(", "),
        };
        writeln!(f, "{}", demangle(self.symbol))?;
        writeln!(f, "  wanted by {}", list(&self.wanted_by))?;
        writeln!(f, "  offered by {}", list(&self.offered_by))?;
        match self.offered_by.as_slice() {
            [] => writeln!(f, "  so it is undefined"),
            [only] => writeln!(f, "  so that of {only} is taken"),
            [first, ..] => writeln!(f, "  so that of {first} is taken, which is looked up first"),
        }
    }
}

impl Plan {
    /// Returns the modules that import and define a symbol, in the order of lookup.
    pub fn why<'a>(&'a self, symbol: &'a str) -> Why<'a> {
        let wants = |module: &&crate::plan::input::InputModule| {
            module.module.imports.iter().any(|import| import.name == symbol)
        };
        let wanted_by = self.set.inputs.iter().filter(wants).map(|o| o.module.name.as_str());
        let symbols = Symbols::new(&self.set);
        let offers = symbols.all(ENV, symbol);
        Why {
            symbol,
            wanted_by: wanted_by.collect(),
            offered_by: offers.map(|definition| self.name(definition.module)).collect(),
        }
    }

    fn name(&self, module: usize) -> &str {
        &self.set.inputs[module].module.name
    }

    fn symbol(&self, definition: Definition) -> SymbolReport<'_> {
        let module = &self.set.inputs[definition.module].module;
        SymbolReport { module: &module.name, name: &module.exports[definition.export].name }
    }

    /// Returns the slots that the linker fills, in order.
    fn slots(&self) -> impl Iterator<Item = (u32, Definition)> + '_ {
        let mut slots: Vec<_> = self.layout.slots.values().collect();
        slots.sort_by_key(|slot| slot.index);
        slots.into_iter().map(|slot| (slot.index, slot.definition))
    }

    fn module_report(&self, index: usize) -> ModuleReport<'_> {
        let input = &self.set.inputs[index];
        let placement = self.layout.placements[index];
        let mem_info = input.mem_info();
        let imports = input.module.imports.iter().zip(&self.resolution[index]);
        ModuleReport {
            name: &input.module.name,
            lookup: index,
            kind: input.module.kind,
            replaced_by: input.replacement(),
            c_library: c_library(input),
            calls_wasi: calls_wasi(input),
            memory_base: mem_info.map(|_| placement.memory_base),
            memory_size: mem_info.map(|info| info.memory_size),
            table_base: mem_info.map(|_| placement.table_base),
            table_size: mem_info.map(|info| info.table_size),
            imports: imports
                .map(|(import, &target)| ImportReport {
                    module: &import.module,
                    name: &import.name,
                    ty: &import.ty,
                    definer: target.definition().map(|definition| self.name(definition.module)),
                    value: self.constant(index, target),
                    slot: self.late_slot(index, target),
                })
                .collect(),
        }
    }
}

/// Writes the modules, the target of each import, the table and the memory.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &module in &self.layout.order {
            self.write_module(f, module)?;
        }
        self.write_table(f)?;
        self.write_memory(f)?;
        writeln!(f, "initialisers")?;
        for call in self.initialisers() {
            writeln!(f, "  {}.{}", self.name(call.module), call.name)?;
        }
        Ok(())
    }
}

/// Returns what a module says about its C library, unless it is or contains a system library.
fn c_library(input: &InputModule) -> Option<Says> {
    libc_choice::of_module(input).filter(|says| says.sign != CLibrarySign::System)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// Returns whether a module of the user's calls WASI without the program's C library.
fn calls_wasi(input: &InputModule) -> bool {
    let is_given = !input.is_system() && input.synthetic.is_none();
    is_given && input.module.imports.iter().any(|import| import.module == WASI)
}

impl Plan {
    fn write_module(&self, f: &mut fmt::Formatter<'_>, module: usize) -> fmt::Result {
        let input = &self.set.inputs[module];
        let placement = self.layout.placements[module];
        write!(f, "module {}: ", input.module.name)?;
        if let Some(file) = input.replacement() {
            write!(f, "replaced by {}, ", printable(&file))?;
        }
        write!(f, "{}", input.module.kind)?;
        if input.module.kind == Kind::SharedLibrary {
            write!(f, ", memory_base {}", placement.memory_base)?;
            write!(f, ", table_base {}", placement.table_base)?;
        }
        if let Some(says) = c_library(input) {
            write!(f, ", compiled for {} (it {})", says.library, says.sign)?;
        }
        if calls_wasi(input) {
            write!(f, ", calls WASI itself")?;
        }
        writeln!(f)?;
        for (import, &target) in input.module.imports.iter().zip(&self.resolution[module]) {
            write!(f, "  {}.{} = ", printable(&import.module), demangle(&import.name))?;
            self.write_target(f, module, target)?;
        }
        Ok(())
    }

    fn write_target(
        &self,
        f: &mut fmt::Formatter<'_>,
        module: usize,
        target: ImportTarget,
    ) -> fmt::Result {
        if let Some(definition) = target.definition() {
            let by = self.name(definition.module);
            return match (self.constant(module, target), self.late_slot(module, target)) {
                (Some(value), _) => writeln!(f, "{value} of {by}"),
                (None, Some(slot)) => writeln!(f, "{by}, through slot {slot}"),
                (None, None) => writeln!(f, "{by}"),
            };
        }
        match (target, self.constant(module, target)) {
            (_, Some(value)) => writeln!(f, "{value}"),
            (ImportTarget::Shared(Shared::Memory), _) => writeln!(f, "the memory"),
            (ImportTarget::Shared(Shared::Table), _) => writeln!(f, "the table"),
            (ImportTarget::Shared(Shared::StackPointer), _) => writeln!(f, "the stack pointer"),
            (ImportTarget::UndefinedWeak, _) => writeln!(f, "undefined and weak"),
            _ => writeln!(f, "the host"),
        }
    }

    fn write_table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "table of {}", self.layout.table_size)?;
        for (slot, definition) in self.slots() {
            let SymbolReport { module, name } = self.symbol(definition);
            writeln!(f, "  {slot} = {module}.{}", demangle(name))?;
        }
        Ok(())
    }

    fn write_memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = &self.layout;
        writeln!(f, "memory of {} pages", layout.pages)?;
        writeln!(f, "  {}..{} stack", layout.stack_low, layout.stack_high)?;
        for (input, placement) in self.set.inputs.iter().zip(&layout.placements) {
            if let Some(info) = input.mem_info().filter(|info| info.memory_size > 0) {
                let start = placement.memory_base;
                let end = u64::from(start) + u64::from(info.memory_size);
                writeln!(f, "  {start}..{end} {}", input.module.name)?;
            }
        }
        writeln!(f, "  {}.. heap", layout.heap_base)
    }
}
