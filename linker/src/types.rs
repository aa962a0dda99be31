//! The types of imports and exports, with the notation used in messages and in `guests.toml`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use wasmparser::{RefType, ValType};

/// A function's parameters and results, written `(i32, i32) -> i32`.
///
/// No result is written `() -> ()`, several `() -> (i32, i64)`.
///
/// ```
/// let add: linker::FuncType = "(i32, i32) -> i32".parse()?;
/// assert_eq!(add.params.len(), 2);
/// assert_eq!(add.to_string(), "(i32, i32) -> i32");
/// # Ok::<(), linker::ParseFuncTypeError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FuncType {
    /// The types of the parameters, in order.
    pub params: Vec<ValType>,
    /// The types of the results, in order.
    pub results: Vec<ValType>,
}

impl fmt::Display for FuncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &self.params)?;
        f.write_str(" -> ")?;
        match self.results.as_slice() {
            [only] => write!(f, "{only}"),
            results => write_list(f, results),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, types: &[ValType]) -> fmt::Result {
    f.write_str("(")?;
    for (i, ty) in types.iter().enumerate() {
        let comma = if i == 0 { "" } else { ", " };
        write!(f, "{comma}{ty}")?;
    }
    f.write_str(")")
}

/// A text is not a [`FuncType`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
#[non_exhaustive]
pub struct ParseFuncTypeError {
    /// Offset in bytes from the start of the parsed text.
    pub offset: usize,
    /// The tokens that could be there.
    pub expected: String,
    /// The token that is there.
    pub found: String,
}

impl FromStr for FuncType {
    type Err = ParseFuncTypeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parser = TypeParser { text, offset: 0 };
        let params = parser.list()?;
        parser.token("->")?;
        let results =
            if parser.rest().starts_with('(') { parser.list()? } else { vec![parser.val_type()?] };
        if !parser.rest().is_empty() {
            return Err(parser.error("the end of the signature"));
        }
        Ok(FuncType { params, results })
    }
}

const VAL_TYPES: [(&str, ValType); 7] = [
    ("i32", ValType::I32),
    ("i64", ValType::I64),
    ("f32", ValType::F32),
    ("f64", ValType::F64),
    ("v128", ValType::V128),
    ("funcref", ValType::FUNCREF),
    ("externref", ValType::EXTERNREF),
];

struct TypeParser<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> TypeParser<'a> {
    /// Skips white space and returns the rest of the text.
    fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.offset..];
        let trimmed = rest.trim_start();
        self.offset += rest.len() - trimmed.len();
        trimmed
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.offset += token.len();
        }
        found
    }

    fn token(&mut self, token: &str) -> Result<(), ParseFuncTypeError> {
        if self.take(token) { Ok(()) } else { Err(self.error(&format!("`{token}`"))) }
    }

    fn list(&mut self) -> Result<Vec<ValType>, ParseFuncTypeError> {
        self.token("(")?;
        let mut types = Vec::new();
        if self.take(")") {
            return Ok(types);
        }
        loop {
            types.push(self.val_type()?);
            if self.take(")") {
                return Ok(types);
            }
            if !self.take(",") {
                return Err(self.error("`,` or `)`"));
            }
        }
    }

    fn val_type(&mut self) -> Result<ValType, ParseFuncTypeError> {
        let word = self.word();
        match VAL_TYPES.iter().find(|(name, _)| *name == word) {
            Some((_, ty)) => {
                self.offset += word.len();
                Ok(*ty)
            }
            None => {
                let names = VAL_TYPES.map(|(name, _)| name).join(", ");
                Err(self.error(&format!("a type ({names})")))
            }
        }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    }

    fn error(&mut self, expected: &str) -> ParseFuncTypeError {
        let found = match (self.word(), self.rest().chars().next()) {
            (_, None) => "the end".to_owned(),
            ("", Some(c)) => format!("`{}`", c.escape_debug()),
            (word, _) => format!("`{word}`"),
        };
        ParseFuncTypeError { offset: self.offset, expected: expected.to_owned(), found }
    }
}

/// The type of a linear memory. Its limits are in pages of 64 KiB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct MemoryType {
    /// The initial pages.
    pub minimum: u64,
    /// The most pages, if it is limited.
    pub maximum: Option<u64>,
    /// Whether its addresses have 64 bits.
    pub memory64: bool,
    /// Whether threads share it.
    pub shared: bool,
}

/// The type of a table. Its limits are in elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TableType {
    /// The type of its elements.
    pub element: RefType,
    /// The initial elements.
    pub minimum: u64,
    /// The most elements, if it is limited.
    pub maximum: Option<u64>,
    /// Whether its indices have 64 bits.
    pub table64: bool,
}

impl TableType {
    /// Returns the type of a table of functions, of any size.
    pub(crate) fn functions() -> Self {
        TableType { element: RefType::FUNCREF, minimum: 0, maximum: None, table64: false }
    }
}

/// The type of a global.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GlobalType {
    /// The type of its value.
    pub content: ValType,
    /// Whether code can assign to it.
    pub mutable: bool,
}

/// The type of an import or an export.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ExternType {
    /// A function. Nearly all functions of a module share their types with others.
    Func(Arc<FuncType>),
    /// A table.
    Table(TableType),
    /// A linear memory.
    Memory(MemoryType),
    /// A global.
    Global(GlobalType),
    /// A tag of exceptions, by its parameters; it has no results.
    Tag(FuncType),
}

impl fmt::Display for ExternType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExternType::Func(ty) => write!(f, "{ty}"),
            ExternType::Tag(ty) => write!(f, "tag {ty}"),
            ExternType::Global(ty) => {
                let mutable = if ty.mutable { "mut " } else { "" };
                write!(f, "global {mutable}{}", ty.content)
            }
            ExternType::Memory(ty) => {
                write!(f, "memory {}", limits(ty.minimum, ty.maximum))?;
                f.write_str(if ty.memory64 { " i64" } else { "" })?;
                f.write_str(if ty.shared { " shared" } else { "" })
            }
            ExternType::Table(ty) => {
                write!(f, "table {} {}", limits(ty.minimum, ty.maximum), ty.element)?;
                f.write_str(if ty.table64 { " i64" } else { "" })
            }
        }
    }
}

fn limits(minimum: u64, maximum: Option<u64>) -> String {
    match maximum {
        Some(maximum) => format!("{minimum}..={maximum}"),
        None => format!("{minimum}.."),
    }
}

/// Serializes a type in the notation of messages, so that JSON and text agree.
impl Serialize for ExternType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
