//! Translates the legacy encoding of exceptions to the final one of version 3.0 of the standard.
//!
//! In the legacy encoding a `try` contains its handlers, and the label of the `try` identifies the
//! exception that was caught. In the final encoding a `try_table` only says to which label an
//! exception goes. So the handlers come after it, and a handler that throws its exception again
//! keeps the exception in a local:
//!
//! ```text
//!     try $t (result R)          block $t (result R)
//!                                  block $all (result exnref)
//!                                    block $one (result P)
//!                                      try_table (result R) (catch $tag $one) (catch_all_ref $all)
//!       body                             body
//!                                      end
//!                                      br $t
//!     catch $tag                     end
//!       handler                      handler
//!                                    br $t
//!     catch_all                    end
//!                                  local.set $caught
//!       handler                    handler
//!       rethrow $t                 local.get $caught
//!                                  throw_ref
//!     end                        end
//! ```
//!
//! `delegate` says that an exception thrown in the body of this `try` counts as thrown in the body
//! of an outer `try`; the ones between do not see it. So the exception is caught, a branch takes it
//! to the outer `try`, and it is thrown again there: at the end of that body, or at the end of the
//! function's body if no `try` is outside.

use crate::module::sections::Signatures;
use wasmparser::{BlockType, Catch, FuncType, FunctionBody, Operator, RefType, TryTable, ValType};

/// The reason why a function cannot be translated. Offsets are in bytes from the start of the
/// module's file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("`{instruction}` does not belong to a `try` (at offset {offset:#x})")]
    Misplaced { instruction: &'static str, offset: usize },
    #[error("label {label} does not exist (at offset {offset:#x})")]
    Label { label: u32, offset: usize },
    #[error("`rethrow` refers to label {label}, which is of no handler (at offset {offset:#x})")]
    NoHandler { label: u32, offset: usize },
    #[error("a block or tag has a type that is not that of a function (at offset {offset:#x})")]
    Type { offset: usize },
    #[error(
        "`{instruction}` has labels, but is not known to the translation of the legacy encoding \
         of exceptions (at offset {offset:#x})"
    )]
    Unknown { instruction: String, offset: usize },
    #[error("the function ends inside of a block")]
    End,
}

/// The error of a translation.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Malformed(#[from] wasmparser::Error),
    #[error(transparent)]
    Fault(#[from] Fault),
}

type Result<T> = std::result::Result<T, Error>;

/// Returns whether an instruction belongs to the legacy encoding.
pub(crate) fn is_legacy(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Try { .. }
            | Operator::Catch { .. }
            | Operator::CatchAll
            | Operator::Delegate { .. }
            | Operator::Rethrow { .. }
    )
}

/// A function's body in the final encoding.
#[derive(Debug)]
pub(crate) struct Translation<'a> {
    /// The number of locals of type `exnref` that follow those of the function.
    pub(crate) exceptions: u32,
    /// The steps, each with the offset of the instruction that it comes from. Offsets never
    /// decrease.
    pub(crate) steps: Vec<(usize, Step<'a>)>,
}

/// An instruction to write. Its indices are those of the module that is read.
#[derive(Debug)]
pub(crate) enum Step<'a> {
    Operator(Operator<'a>),
    /// A `block` whose type the module may lack.
    Block(FuncType),
    BrTable {
        targets: Vec<u32>,
        default: u32,
    },
}

/// Translates a function of type `ty`.
///
/// # Errors
///
/// If it is malformed, or an instruction that is not known here has labels.
pub(crate) fn translate<'a>(
    body: &FunctionBody<'a>,
    ty: u32,
    signatures: &Signatures,
) -> Result<Translation<'a>> {
    let mut operators = Vec::new();
    let mut reader = body.get_operators_reader()?;
    while !reader.eof() {
        let (operator, offset) = reader.read_with_offset()?;
        operators.push((offset, operator));
    }
    let outline = Outline::read(&operators)?;
    let fault = Fault::Type { offset: body.range().start };
    let mut locals = signatures.function(ty).ok_or(fault)?.params().len() as u32;
    for declared in body.get_locals_reader()? {
        locals = locals.saturating_add(declared?.0);
    }
    let steps = Vec::with_capacity(operators.len());
    let mut writer = Writer {
        signatures,
        outline: &outline,
        locals,
        offset: body.range().start,
        frames: Vec::new(),
        labels: 0,
        tries: 0,
        steps,
    };
    writer.begin_function();
    for (offset, operator) in operators {
        writer.offset = offset;
        writer.operator(operator)?;
    }
    if !writer.frames.is_empty() {
        return Err(Fault::End.into());
    }
    Ok(Translation { exceptions: outline.exceptions, steps: writer.steps })
}

/// The facts about a function's `try`s that must be known before the first is written.
#[derive(Debug, Default)]
struct Outline {
    /// The `try`s, in the order in which they begin.
    tries: Vec<Try>,
    /// Whether some exception is thrown past all `try`s.
    leaves: bool,
    /// The number of locals that keep exceptions.
    exceptions: u32,
}

#[derive(Debug)]
struct Try {
    /// The `try` whose body contains this one.
    outer: Option<usize>,
    clauses: Vec<Clause>,
    /// For a `try` without clauses: an exception from its body counts as thrown in the body of this
    /// `try`, or of the function if this is `None`.
    receiver: Option<usize>,
    /// Whether exceptions from another body are taken past other `try`s to the body of this one.
    receives: bool,
}

/// A `catch` or `catch_all`, and the instructions of its handler.
#[derive(Debug)]
struct Clause {
    tag: Option<u32>,
    /// The index of the local, among those for exceptions, that keeps the exception; `None`
    /// if it is not thrown again.
    exception: Option<u32>,
}

/// A block that is open while the outline is read.
#[derive(Debug, Clone, Copy)]
enum Open {
    Block,
    Body(usize),
    Handler(usize),
}

impl Outline {
    fn read(operators: &[(usize, Operator<'_>)]) -> Result<Self> {
        let mut outline = Outline::default();
        let mut open = vec![Open::Block];
        for (offset, operator) in operators {
            outline.operator(*offset, operator, &mut open)?;
        }
        outline.connect();
        Ok(outline)
    }

    fn operator(
        &mut self,
        offset: usize,
        operator: &Operator<'_>,
        open: &mut Vec<Open>,
    ) -> Result<()> {
        match *operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. } => open.push(Open::Block),
            Operator::Try { .. } => {
                let outer = innermost_body(open);
                open.push(Open::Body(self.tries.len()));
                let clauses = Vec::new();
                self.tries.push(Try { outer, clauses, receiver: outer, receives: false });
            }
            Operator::Catch { tag_index } => self.clause(offset, "catch", Some(tag_index), open)?,
            Operator::CatchAll => self.clause(offset, "catch_all", None, open)?,
            Operator::Rethrow { relative_depth } => {
                self.rethrow(offset, relative_depth, open)?;
            }
            Operator::Delegate { relative_depth } => {
                let Some(Open::Body(this)) = open.pop() else {
                    return Err(Fault::Misplaced { instruction: "delegate", offset }.into());
                };
                let position = position(relative_depth, offset, open)?;
                self.tries[this].receiver = innermost_body(&open[..=position]);
            }
            Operator::End => {
                open.pop().ok_or(Fault::End)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn clause(
        &mut self,
        offset: usize,
        instruction: &'static str,
        tag: Option<u32>,
        open: &mut [Open],
    ) -> Result<()> {
        let Some(Open::Body(this) | Open::Handler(this)) = open.last().copied() else {
            return Err(Fault::Misplaced { instruction, offset }.into());
        };
        open[open.len() - 1] = Open::Handler(this);
        self.tries[this].clauses.push(Clause { tag, exception: None });
        Ok(())
    }

    /// Finds the local that keeps the exception. Nested handlers need a local each; others
    /// share one.
    fn rethrow(&mut self, offset: usize, label: u32, open: &[Open]) -> Result<()> {
        let position = position(label, offset, open)?;
        let Open::Handler(this) = open[position] else {
            return Err(Fault::NoHandler { label, offset }.into());
        };
        let outside =
            open[..position].iter().filter(|open| matches!(open, Open::Handler(_))).count();
        if let Some(clause) = self.tries[this].clauses.last_mut() {
            clause.exception = Some(outside as u32);
            self.exceptions = self.exceptions.max(outside as u32 + 1);
        }
        Ok(())
    }

    /// Follows each `delegate` to a `try` with clauses, and finds the exceptions that must be taken
    /// past others. An outer `try` comes before those inside it.
    fn connect(&mut self) {
        for this in 0..self.tries.len() {
            if !self.tries[this].clauses.is_empty() {
                continue;
            }
            let receiver = self.tries[this].receiver.and_then(|other| self.catching(other));
            self.tries[this].receiver = receiver;
            if self.is_taken_past_others(this) {
                match receiver {
                    Some(receiver) => self.tries[receiver].receives = true,
                    None => self.leaves = true,
                }
            }
        }
    }

    /// Returns the `try` whose clauses see an exception from a body.
    fn catching(&self, this: usize) -> Option<usize> {
        if self.tries[this].clauses.is_empty() { self.tries[this].receiver } else { Some(this) }
    }

    /// Returns whether an exception from the body of a `try` without clauses would go to the wrong
    /// `try` if the body was written as a plain block.
    fn is_taken_past_others(&self, this: usize) -> bool {
        let outer = self.tries[this].outer.and_then(|outer| self.catching(outer));
        self.tries[this].receiver != outer
    }
}

/// Returns the position among the open blocks of the block that a label means.
fn position(label: u32, offset: usize, open: &[Open]) -> Result<usize> {
    let position = open.len().checked_sub(1).and_then(|last| last.checked_sub(label as usize));
    Ok(position.ok_or(Fault::Label { label, offset })?)
}

fn innermost_body(open: &[Open]) -> Option<usize> {
    open.iter().rev().find_map(|open| match open {
        Open::Body(this) => Some(*this),
        _ => None,
    })
}

/// Writes the steps. It counts the labels of open blocks from the outermost, that of the function.
struct Writer<'t, 'a> {
    signatures: &'t Signatures,
    outline: &'t Outline,
    /// The number of locals without those for exceptions.
    locals: u32,
    /// The offset of the instruction that is being translated.
    offset: usize,
    /// The open blocks of the code that is read.
    frames: Vec<Frame>,
    /// The number of open blocks of the code that is written.
    labels: u32,
    /// The number of `try`s that have begun.
    tries: usize,
    steps: Vec<(usize, Step<'a>)>,
}

#[derive(Debug, Clone, Copy)]
struct Frame {
    /// The label in the written code that a branch to the block goes to.
    label: u32,
    part: Part,
}

#[derive(Debug, Clone, Copy)]
enum Part {
    Function,
    /// A block that is a block in the written code too.
    Block,
    /// The body of a `try` with clauses.
    Body {
        this: usize,
    },
    /// The handler of the clause with this index.
    Handler {
        this: usize,
        clause: usize,
    },
}

impl<'a> Writer<'_, 'a> {
    fn step(&mut self, operator: Operator<'a>) {
        self.steps.push((self.offset, Step::Operator(operator)));
    }

    /// Opens a block in the written code, and returns its label.
    fn open(&mut self, step: Step<'a>) -> u32 {
        self.steps.push((self.offset, step));
        self.labels += 1;
        self.labels - 1
    }

    fn close(&mut self) {
        self.step(Operator::End);
        self.labels -= 1;
    }

    fn branch(&mut self, label: u32) {
        let relative_depth = self.depth(label);
        self.step(Operator::Br { relative_depth });
    }

    fn depth(&self, label: u32) -> u32 {
        self.labels - 1 - label
    }

    fn begin_function(&mut self) {
        self.labels = 1;
        if self.outline.leaves {
            self.open(Step::Block(FuncType::new([], [EXCEPTION])));
        }
        self.frames.push(Frame { label: 0, part: Part::Function });
    }

    fn operator(&mut self, operator: Operator<'a>) -> Result<()> {
        match operator {
            Operator::Try { blockty } => self.begin_try(blockty)?,
            Operator::Catch { .. } => self.begin_clause("catch")?,
            Operator::CatchAll => self.begin_clause("catch_all")?,
            Operator::Rethrow { relative_depth } => self.rethrow(relative_depth)?,
            Operator::Delegate { .. } | Operator::End => self.end()?,
            Operator::Block { .. } | Operator::Loop { .. } | Operator::If { .. } => {
                self.block(operator);
            }
            Operator::TryTable { mut try_table } => {
                for catch in &mut try_table.catches {
                    self.relabel_catch(catch)?;
                }
                self.block(Operator::TryTable { try_table });
            }
            Operator::BrTable { targets } => {
                let labels: wasmparser::Result<Vec<_>> = targets.targets().collect();
                let labels = labels?.into_iter().map(|label| self.relabel(label));
                let labels = labels.collect::<Result<_>>()?;
                let default = self.relabel(targets.default())?;
                self.steps.push((self.offset, Step::BrTable { targets: labels, default }));
            }
            mut operator => {
                if let Some(label) = label(&mut operator, self.offset)? {
                    *label = self.relabel(*label)?;
                }
                self.step(operator);
            }
        }
        Ok(())
    }

    fn block(&mut self, operator: Operator<'a>) {
        let label = self.open(Step::Operator(operator));
        self.frames.push(Frame { label, part: Part::Block });
    }

    fn frame(&self, label: u32) -> Result<Frame> {
        let position = self.frames.len().checked_sub(1 + label as usize);
        let fault = Fault::Label { label, offset: self.offset };
        Ok(self.frames[position.ok_or(fault)?])
    }

    fn relabel(&self, label: u32) -> Result<u32> {
        Ok(self.depth(self.frame(label)?.label))
    }

    fn relabel_catch(&self, catch: &mut Catch) -> Result<()> {
        let (Catch::One { label, .. }
        | Catch::OneRef { label, .. }
        | Catch::All { label }
        | Catch::AllRef { label }) = catch;
        *label = self.relabel(*label)?;
        Ok(())
    }

    fn begin_try(&mut self, ty: BlockType) -> Result<()> {
        let this = self.tries;
        self.tries += 1;
        let outline = &self.outline.tries[this];
        if outline.clauses.is_empty() {
            self.begin_delegating(this, ty);
            return Ok(());
        }
        let fault = Fault::Type { offset: self.offset };
        let params = self.signatures.params_of_block(ty).ok_or(fault.clone())?.to_vec();
        let label = self.open(Step::Operator(Operator::Block { blockty: ty }));
        for clause in outline.clauses.iter().rev() {
            let mut results = match clause.tag {
                Some(tag) => self.signatures.params_of_tag(tag).ok_or(fault.clone())?.to_vec(),
                None => Vec::new(),
            };
            results.extend(clause.exception.map(|_| EXCEPTION));
            self.open(Step::Block(FuncType::new(params.clone(), results)));
        }
        // The block of the first clause is the innermost.
        let catches = (0..).zip(&outline.clauses).map(|(label, clause)| match *clause {
            Clause { tag: Some(tag), exception: None } => Catch::One { tag, label },
            Clause { tag: Some(tag), exception: Some(_) } => Catch::OneRef { tag, label },
            Clause { tag: None, exception: None } => Catch::All { label },
            Clause { tag: None, exception: Some(_) } => Catch::AllRef { label },
        });
        let try_table = TryTable { ty, catches: catches.collect() };
        self.open(Step::Operator(Operator::TryTable { try_table }));
        if outline.receives {
            self.open(Step::Block(FuncType::new(params, [EXCEPTION])));
        }
        self.frames.push(Frame { label, part: Part::Body { this } });
        Ok(())
    }

    fn begin_delegating(&mut self, this: usize, ty: BlockType) {
        if !self.outline.is_taken_past_others(this) {
            self.block(Operator::Block { blockty: ty });
            return;
        }
        let label = self.depth(self.label_for_taken(self.outline.tries[this].receiver));
        let try_table = TryTable { ty, catches: vec![Catch::AllRef { label }] };
        self.block(Operator::TryTable { try_table });
    }

    /// Returns the label of the block at whose end exceptions are thrown again that were
    /// taken to the body of a `try`, or to that of the function.
    fn label_for_taken(&self, receiver: Option<usize>) -> u32 {
        let is_it =
            |frame: &&Frame| matches!(frame.part, Part::Body { this } if Some(this) == receiver);
        match self.frames.iter().find(is_it) {
            // Between the label of the `try` and this one are a block for each clause, and the
            // `try_table`.
            Some(Frame { label, part: Part::Body { this } }) => {
                label + self.outline.tries[*this].clauses.len() as u32 + 2
            }
            _ => 1,
        }
    }

    fn begin_clause(&mut self, instruction: &'static str) -> Result<()> {
        let misplaced = Fault::Misplaced { instruction, offset: self.offset };
        let Some(Frame { label, part }) = self.frames.pop() else { return Err(misplaced.into()) };
        let (this, clause) = match part {
            Part::Body { this } => {
                self.end_body(this, label);
                (this, 0)
            }
            Part::Handler { this, clause } => {
                self.branch(label);
                (this, clause + 1)
            }
            Part::Function | Part::Block => return Err(misplaced.into()),
        };
        self.close();
        if let Some(exception) = self.outline.tries[this].clauses[clause].exception {
            self.step(Operator::LocalSet { local_index: self.locals + exception });
        }
        self.frames.push(Frame { label, part: Part::Handler { this, clause } });
        Ok(())
    }

    fn end_body(&mut self, this: usize, label: u32) {
        if self.outline.tries[this].receives {
            self.branch(label);
            self.close();
            self.step(Operator::ThrowRef);
        }
        self.close();
        self.branch(label);
    }

    fn rethrow(&mut self, label: u32) -> Result<()> {
        let no_handler = Fault::NoHandler { label, offset: self.offset };
        let Part::Handler { this, clause } = self.frame(label)?.part else {
            return Err(no_handler.into());
        };
        let exception = self.outline.tries[this].clauses[clause].exception.ok_or(no_handler)?;
        self.step(Operator::LocalGet { local_index: self.locals + exception });
        self.step(Operator::ThrowRef);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let frame = self.frames.pop().ok_or(Fault::End)?;
        if self.outline.leaves && matches!(frame.part, Part::Function) {
            self.step(Operator::Return);
            self.close();
            self.step(Operator::ThrowRef);
        }
        self.close();
        Ok(())
    }
}

const EXCEPTION: ValType = ValType::Ref(RefType::EXNREF);

/// Returns the label of an instruction that has one. Instructions that begin blocks have none.
fn label<'o>(operator: &'o mut Operator<'_>, offset: usize) -> Result<Option<&'o mut u32>> {
    match operator {
        Operator::Br { relative_depth }
        | Operator::BrIf { relative_depth }
        | Operator::BrOnNull { relative_depth }
        | Operator::BrOnNonNull { relative_depth }
        | Operator::BrOnCast { relative_depth, .. }
        | Operator::BrOnCastFail { relative_depth, .. } => Ok(Some(relative_depth)),
        Operator::BrOnCastDescEq { .. }
        | Operator::BrOnCastDescEqFail { .. }
        | Operator::Resume { .. }
        | Operator::ResumeThrow { .. }
        | Operator::ResumeThrowRef { .. } => {
            // `Resume { cont_type_index: 0, .. }`.
            let mut instruction = format!("{operator:?}");
            instruction.truncate(instruction.find(' ').unwrap_or(instruction.len()));
            Err(Fault::Unknown { instruction, offset }.into())
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::sections::Contents;

    const MODULE: &str = r#"(module
        (tag $tag (param i32))
        (func $a) (func $b) (func $c) (func $d)
        (func
            try $outer
                try
                    call $a
                    try call $b delegate $outer
                catch $tag
                    drop
                    call $c
                    rethrow 0
                end
            catch_all
                call $d
            end))"#;

    /// Source lines are found by the offsets.
    #[test]
    fn each_step_has_the_offset_of_its_source() {
        let bytes = wat::parse_str(MODULE).unwrap();
        let contents = Contents::read(&bytes).unwrap();
        let body = contents.bodies.last().unwrap();
        let translation = translate(body, 0, &Signatures::new([], &contents)).unwrap();
        let read: Vec<_> = body.get_operators_reader().unwrap().into_iter_with_offsets().collect();
        let calls = |operator: &Operator<'_>| match operator {
            Operator::Call { function_index } => Some(*function_index),
            _ => None,
        };
        let read = read.into_iter().flatten().filter_map(|(o, at)| Some((at, calls(&o)?)));
        let offsets: Vec<_> = translation.steps.iter().map(|(offset, _)| *offset).collect();
        let written = translation.steps.into_iter().filter_map(|(at, step)| match step {
            Step::Operator(operator) => Some((at, calls(&operator)?)),
            _ => None,
        });
        assert_eq!(written.collect::<Vec<_>>(), read.collect::<Vec<_>>());
        assert!(offsets.is_sorted());
    }
}
