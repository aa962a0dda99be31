//! ArgumentErrors and results as text.

use std::fmt;
use std::num::IntErrorKind;

use linker::{FuncType, ValType, printable};
use wasmtime::{Ref, Val};

/// All faults of the arguments of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ArgumentErrors {
    pub function: String,
    pub ty: FuncType,
    pub faults: Vec<ArgumentError>,
}

/// One fault of the arguments of a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArgumentError {
    #[error("{expected} argument{} expected, {found} given", if *expected == 1 { "" } else { "s" })]
    Count { expected: usize, found: usize },
    #[error("argument {number} `{}` is no {ty}: {hint}", printable(text))]
    Unparsable { number: usize, text: String, ty: ValType, hint: &'static str },
    #[error(
        "argument {number} `{}` is out of range for {ty}, which goes from {low} to {high}",
        printable(text)
    )]
    OutOfRange { number: usize, text: String, ty: ValType, low: i64, high: u64 },
    #[error("argument {number} is of type {ty}, which cannot be given as text")]
    Unsupported { number: usize, ty: ValType },
}

impl fmt::Display for ArgumentErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot call `{}: {}`", printable(&self.function), self.ty)?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
    }
}

impl std::error::Error for ArgumentErrors {}

/// Parses the arguments of a call. Integers are signed or unsigned, in decimal or as `0x…`;
/// floating point numbers are written as in Rust, including `inf` and `NaN`.
///
/// ```
/// use host::{display, parse_arguments};
/// use linker::{FuncType, ValType};
///
/// let ty = FuncType { params: vec![ValType::I32, ValType::F64], results: vec![] };
/// let values = parse_arguments("f", &ty, &["0xff", "1.5"])?;
/// assert_eq!(display(&values[0]), "255");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// All faults of the arguments.
pub fn parse_arguments(
    function: &str,
    ty: &FuncType,
    args: &[impl AsRef<str>],
) -> Result<Vec<Val>, ArgumentErrors> {
    let mut faults = Vec::new();
    if args.len() != ty.params.len() {
        faults.push(ArgumentError::Count { expected: ty.params.len(), found: args.len() });
    }
    let mut values = Vec::new();
    for (i, (arg, ty)) in args.iter().zip(&ty.params).enumerate() {
        match parse(i + 1, arg.as_ref(), *ty) {
            Ok(value) => values.push(value),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        return Ok(values);
    }
    Err(ArgumentErrors { function: function.to_owned(), ty: ty.clone(), faults })
}

fn parse(number: usize, text: &str, ty: ValType) -> Result<Val, ArgumentError> {
    let unparsable = |hint| ArgumentError::Unparsable { number, text: text.to_owned(), ty, hint };
    let float = "write a number such as 1.5, -2e3, inf or NaN";
    let integer = |low: i64, high: u64| match parse_integer(text) {
        Ok(n) if (low.into()..=high.into()).contains(&n) => Ok(n),
        Err(IntErrorKind::InvalidDigit | IntErrorKind::Empty) => {
            Err(unparsable("write an integer such as 7, -7 or 0x7f"))
        }
        _ => Err(ArgumentError::OutOfRange { number, text: text.to_owned(), ty, low, high }),
    };
    // The casts keep the low bits: an unsigned number becomes the signed number with the same bits.
    match ty {
        ValType::I32 => Ok(Val::I32(integer(i32::MIN.into(), u32::MAX.into())? as i32)),
        ValType::I64 => Ok(Val::I64(integer(i64::MIN, u64::MAX)? as i64)),
        ValType::F32 => text.parse::<f32>().map(Val::from).map_err(|_| unparsable(float)),
        ValType::F64 => text.parse::<f64>().map(Val::from).map_err(|_| unparsable(float)),
        _ => Err(ArgumentError::Unsupported { number, ty }),
    }
}

fn parse_integer(text: &str) -> Result<i128, IntErrorKind> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (digits, radix) = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (digits, 10),
    };
    // The parser below would accept a second sign: "--7".
    if digits.starts_with(['-', '+']) {
        return Err(IntErrorKind::InvalidDigit);
    }
    i128::from_str_radix(&format!("{sign}{digits}"), radix).map_err(|e| *e.kind())
}

/// Formats a result: numbers in decimal, a v128 as `0x…` with its highest byte first, references as
/// `null` or `<reference>`.
pub fn display(value: &Val) -> String {
    match value {
        Val::I32(n) => n.to_string(),
        Val::I64(n) => n.to_string(),
        Val::F32(bits) => f32::from_bits(*bits).to_string(),
        Val::F64(bits) => f64::from_bits(*bits).to_string(),
        Val::V128(n) => format!("{:#034x}", n.as_u128()),
        reference => {
            let null = reference.ref_().is_none_or(|r: Ref| r.is_null());
            if null { "null" } else { "<reference>" }.to_owned()
        }
    }
}
