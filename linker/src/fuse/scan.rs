//! Reads code, and reports what it refers to.

use std::mem;

use wasm_encoder::reencode::{self, Reencode, utils};
use wasmparser::Operator;

use crate::plan::layout::ItemId;
use crate::plan::resolve::ImportTarget;
use crate::write::targets::{GlobalTarget, Targets};

/// A reference in the code of a module, by the indices of that module.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reference {
    /// A function, except for a call.
    Function(u32),
    Call(u32),
    Global(u32),
    Memory(u32),
    Table(u32),
    Element(u32),
    Data(u32),
    Tag(u32),
    /// A `ref.func`. The function is reported too.
    FunctionPointer(u32),
    /// A `table.grow`. The table is reported too.
    TableGrowth(u32),
    /// An instruction that reads elements of a table. The table is reported too.
    TableRead(u32),
    /// A number, which in the code of a main may be an address or a slot.
    Number(u32),
    /// The sum of `__table_base` and a number: a slot.
    Slot(u32),
    /// `__table_base` by itself: any slot that the module fills.
    TableBase,
}

/// Reads the code of one function or constant expression.
pub(crate) struct Scanner<'s> {
    targets: &'s Targets<'s>,
    module: usize,
    report: &'s mut dyn FnMut(Reference),
    before: Before,
}

/// The instructions just before, as far as they may be part of the sum of `__table_base` and a
/// number.
#[derive(Debug, Clone, Copy)]
enum Before {
    Other,
    Number(u32),
    TableBase(u32),
    /// Both operands of the sum.
    Operands(u32),
}

impl<'s> Scanner<'s> {
    pub(crate) fn new(
        targets: &'s Targets<'s>,
        module: usize,
        report: &'s mut dyn FnMut(Reference),
    ) -> Self {
        Scanner { targets, module, report, before: Before::Other }
    }

    /// Reports the references of the next instruction.
    pub(crate) fn operator(&mut self, operator: &Operator<'_>) {
        self.find_slot(operator);
        match *operator {
            Operator::I32Const { value } => {
                (self.report)(Reference::Number(value.cast_unsigned()));
            }
            Operator::RefFunc { function_index } => {
                (self.report)(Reference::FunctionPointer(function_index));
            }
            // Calls refer to nothing else.
            Operator::Call { function_index } => {
                return (self.report)(Reference::Call(function_index));
            }
            Operator::TableGrow { table } => (self.report)(Reference::TableGrowth(table)),
            Operator::TableGet { table } | Operator::TableCopy { src_table: table, .. } => {
                (self.report)(Reference::TableRead(table));
            }
            _ => {}
        }
        // The result is not used: re-encoding calls a method below for every index in an
        // instruction.
        let _ = utils::instruction(self, operator.clone());
    }

    /// Finds the sums of `__table_base` and a number, each of which is one slot. `__table_base` in
    /// any other place may be any slot.
    fn find_slot(&mut self, operator: &Operator<'_>) {
        let before = mem::replace(&mut self.before, Before::Other);
        self.before = match (before, operator) {
            (Before::Operands(slot), Operator::I32Add) => {
                (self.report)(Reference::Slot(slot));
                Before::Other
            }
            (Before::TableBase(base), Operator::I32Const { value }) => {
                Before::Operands(base.wrapping_add(value.cast_unsigned()))
            }
            _ => {
                if matches!(before, Before::TableBase(_) | Before::Operands(_)) {
                    (self.report)(Reference::TableBase);
                }
                self.operand(before, operator)
            }
        };
    }

    /// Returns what an instruction adds to a sum that is not complete.
    fn operand(&self, before: Before, operator: &Operator<'_>) -> Before {
        match *operator {
            Operator::I32Const { value } => Before::Number(value.cast_unsigned()),
            Operator::GlobalGet { global_index } => match (self.table_base(global_index), before) {
                (Some(base), Before::Number(number)) => Before::Operands(base.wrapping_add(number)),
                (Some(base), _) => Before::TableBase(base),
                (None, _) => Before::Other,
            },
            _ => Before::Other,
        }
    }

    /// Returns the value of a global that is `__table_base`.
    fn table_base(&self, global: u32) -> Option<u32> {
        let id = ItemId { module: self.module, index: global };
        let GlobalTarget::Constant(base) = self.targets.global(id) else { return None };
        let (_, target) = self.targets.imported_global(id)?;
        (target == ImportTarget::TableBase).then_some(base)
    }

    fn index(&mut self, index: u32, reference: fn(u32) -> Reference) -> IndexResult {
        (self.report)(reference(index));
        Ok(index)
    }
}

type IndexResult = Result<u32, reencode::Error>;

impl Reencode for Scanner<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> IndexResult {
        self.index(function, Reference::Function)
    }

    fn global_index(&mut self, global: u32) -> IndexResult {
        self.index(global, Reference::Global)
    }

    fn memory_index(&mut self, memory: u32) -> IndexResult {
        self.index(memory, Reference::Memory)
    }

    fn table_index(&mut self, table: u32) -> IndexResult {
        self.index(table, Reference::Table)
    }

    fn element_index(&mut self, element: u32) -> IndexResult {
        self.index(element, Reference::Element)
    }

    fn data_index(&mut self, data: u32) -> IndexResult {
        self.index(data, Reference::Data)
    }

    fn tag_index(&mut self, tag: u32) -> IndexResult {
        self.index(tag, Reference::Tag)
    }
}
