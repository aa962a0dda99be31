//! The values of constant expressions.

use wasmparser::{ConstExpr, Operator};

use crate::convention::{MEMORY_BASE, TABLE_BASE};

/// The base that an address or a slot is relative to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// `__memory_base`.
    Memory,
    /// `__table_base`.
    Table,
}

impl Base {
    /// Returns the base that an imported global of this name has.
    pub(crate) fn of_global(name: &str) -> Option<Self> {
        match name {
            MEMORY_BASE => Some(Base::Memory),
            TABLE_BASE => Some(Base::Table),
            _ => None,
        }
    }
}

/// A number of 32 bits, absolute or relative to a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Constant {
    pub(crate) base: Option<Base>,
    pub(crate) value: u32,
}

impl Constant {
    fn absolute(value: u32) -> Self {
        Constant { base: None, value }
    }

    /// Evaluates a constant expression. `bases` has the base of each imported global, if it is one.
    ///
    /// Returns `None` if the result is no number of 32 bits, or relative to anything but one base.
    pub(crate) fn evaluate(expression: &ConstExpr<'_>, bases: &[Option<Base>]) -> Option<Constant> {
        let mut stack: Vec<Constant> = Vec::new();
        let mut operators = expression.get_operators_reader();
        while let Ok(operator) = operators.read() {
            let result = match operator {
                Operator::I32Const { value } => Constant::absolute(value.cast_unsigned()),
                Operator::GlobalGet { global_index } => {
                    let base = *bases.get(global_index as usize)?;
                    Constant { base: Some(base?), value: 0 }
                }
                Operator::I32Add => {
                    let right = stack.pop()?;
                    stack.pop()?.plus(right)?
                }
                Operator::I32Sub => {
                    let right = stack.pop()?.without_base()?;
                    let left = stack.pop()?;
                    Constant { value: left.value.wrapping_sub(right), ..left }
                }
                Operator::I32Mul => {
                    let right = stack.pop()?.without_base()?;
                    let left = stack.pop()?.without_base()?;
                    Constant::absolute(left.wrapping_mul(right))
                }
                Operator::End => break,
                _ => return None,
            };
            stack.push(result);
        }
        stack.pop()
    }

    /// Returns the sum. A sum of two bases is relative to neither.
    pub(crate) fn plus(self, other: Constant) -> Option<Constant> {
        if self.base.is_some() && other.base.is_some() {
            return None;
        }
        let value = self.value.wrapping_add(other.value);
        Some(Constant { base: self.base.or(other.base), value })
    }

    fn without_base(self) -> Option<u32> {
        self.base.is_none().then_some(self.value)
    }
}
