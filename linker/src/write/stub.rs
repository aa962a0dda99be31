//! Functions that stand for those that cannot be called directly.

use wasm_encoder::{Function, Instruction};

/// A function that calls another through the table, returns an address, or traps.
pub(crate) struct Stub {
    pub(crate) type_index: u32,
    pub(crate) name: String,
    /// The number of its parameters.
    pub(crate) params: u32,
    pub(crate) action: StubAction,
}

/// The effect of a stub.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StubAction {
    Trap,
    Call(StubSlot),
    Return(StubAddress),
}

/// The address that a stub returns, in bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StubAddress {
    Known(u32),
    /// The sum of the value of a global and a number.
    Relative {
        global: u32,
        offset: u32,
    },
}

/// The table slot that a stub calls.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StubSlot {
    Known(u32),
    /// The value of the global with this index.
    Global(u32),
}

impl Stub {
    /// Returns the body of the function.
    pub(crate) fn body(&self) -> Function {
        let mut body = Function::new([]);
        match self.action {
            StubAction::Call(slot) => self.call(slot, &mut body),
            StubAction::Trap => {
                body.instruction(&Instruction::Unreachable);
            }
            StubAction::Return(StubAddress::Known(address)) => {
                body.instruction(&Instruction::I32Const(address.cast_signed()));
            }
            StubAction::Return(StubAddress::Relative { global, offset }) => {
                body.instruction(&Instruction::GlobalGet(global));
                body.instruction(&Instruction::I32Const(offset.cast_signed()));
                body.instruction(&Instruction::I32Add);
            }
        }
        body.instruction(&Instruction::End);
        body
    }

    fn call(&self, slot: StubSlot, body: &mut Function) {
        for param in 0..self.params {
            body.instruction(&Instruction::LocalGet(param));
        }
        body.instruction(&match slot {
            StubSlot::Known(slot) => Instruction::I32Const(slot.cast_signed()),
            StubSlot::Global(global) => Instruction::GlobalGet(global),
        });
        // A tail call: the stub has no frame of its own, in a backtrace or on the stack.
        body.instruction(&Instruction::ReturnCallIndirect {
            type_index: self.type_index,
            table_index: 0,
        });
    }
}
