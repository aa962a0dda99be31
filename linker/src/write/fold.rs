//! Writes an address that is known as one constant instead of the sum of a base and a constant.

use std::collections::{BTreeSet, HashMap};

use wasmparser::Operator;

use crate::write::legacy_exceptions::Step;

/// The constants of a module's code that have new values, and the instructions that are left out.
#[derive(Debug, Default)]
pub(crate) struct Constants {
    /// The new values, by the offset of the instruction. They are whole addresses and slots: the
    /// bases to which the code adds them are 0.
    pub(crate) values: HashMap<usize, u32>,
    /// The offsets of the instructions that are left out.
    pub(crate) folded: BTreeSet<usize>,
}

impl Constants {
    /// Sets the constants of a function to their new values. Sums with a base become the constant
    /// alone. Each step has the offset of its instruction.
    pub(crate) fn apply<'a>(&mut self, steps: Vec<(usize, Step<'a>)>) -> Vec<(usize, Step<'a>)> {
        let mut written: Vec<(usize, Step<'a>)> = Vec::with_capacity(steps.len());
        let mut steps = steps.into_iter().peekable();
        while let Some((offset, step)) = steps.next() {
            let value = match &step {
                Step::Operator(Operator::I32Const { .. }) => self.values.get(&offset),
                _ => None,
            };
            let Some(value) = value else {
                written.push((offset, step));
                continue;
            };
            let constant = Operator::I32Const { value: value.cast_signed() };
            if let Some((sum, _)) = steps.next_if(|(_, step)| is_sum(step)) {
                if leave_out_base(&mut written, &mut self.folded) {
                    self.folded.insert(sum);
                } else {
                    written.push((offset, Step::Operator(constant)));
                    written.push((sum, Step::Operator(Operator::I32Add)));
                    continue;
                }
            }
            written.push((offset, Step::Operator(constant)));
        }
        self.leave_out_unread(&written);
        written.retain(|(offset, _)| !self.folded.contains(offset));
        written
    }

    /// Leaves out the instructions that copy a global to a local which nothing reads.
    fn leave_out_unread(&mut self, written: &[(usize, Step<'_>)]) {
        let read = |(_, step): &(usize, Step<'_>)| match step {
            Step::Operator(Operator::LocalGet { local_index }) => Some(*local_index),
            _ => None,
        };
        let read: BTreeSet<_> = written.iter().filter_map(read).collect();
        for pair in written.windows(2) {
            if let (get, Step::Operator(Operator::GlobalGet { .. })) = pair[0]
                && let (set, Step::Operator(Operator::LocalSet { local_index })) = pair[1]
                && !read.contains(&local_index)
            {
                self.folded.extend([get, set]);
            }
        }
    }
}

fn is_sum(step: &Step<'_>) -> bool {
    matches!(step, Step::Operator(Operator::I32Add))
}

/// Removes the instruction that pushes the base, if that is the last one. Returns whether the base
/// is no longer on the stack.
fn leave_out_base(written: &mut Vec<(usize, Step<'_>)>, folded: &mut BTreeSet<usize>) -> bool {
    let Some((offset, Step::Operator(operator))) = written.last_mut() else { return false };
    match *operator {
        Operator::LocalGet { .. } | Operator::GlobalGet { .. } => {
            folded.insert(*offset);
            written.pop();
            true
        }
        Operator::LocalTee { local_index } => {
            *operator = Operator::LocalSet { local_index };
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use wasmparser::Operator;

    use super::{Constants, Step};

    /// Applies the new value 1000 of the constant 1 to a function, and returns what is written.
    fn applied(operators: &[Operator<'static>]) -> (Vec<String>, Vec<usize>) {
        let is_site =
            |operator: &&Operator<'_>| matches!(operator, Operator::I32Const { value: 1 });
        let sites = operators.iter().enumerate().filter(|(_, operator)| is_site(operator));
        let values = sites.map(|(offset, _)| (offset, 1000)).collect();
        let mut constants = Constants { values, ..Constants::default() };
        let steps = operators.iter().cloned().map(Step::Operator).enumerate().collect();
        let written = constants.apply(steps).into_iter().map(|(_, step)| match step {
            Step::Operator(operator) => format!("{operator:?}"),
            step => format!("{step:?}"),
        });
        (written.collect(), constants.folded.into_iter().collect())
    }

    #[test]
    fn a_sum_with_a_base_becomes_a_constant() {
        let get = Operator::GlobalGet { global_index: 0 };
        let local = Operator::LocalGet { local_index: 2 };
        let site = Operator::I32Const { value: 1 };
        for base in [get.clone(), local] {
            let sum = [base, site.clone(), Operator::I32Add, Operator::Drop];
            assert_eq!(
                applied(&sum),
                (vec!["I32Const { value: 1000 }".into(), "Drop".into()], vec![0, 2])
            );
        }
        let tee =
            [get.clone(), Operator::LocalTee { local_index: 2 }, site.clone(), Operator::I32Add];
        assert_eq!(applied(&tee), (vec!["I32Const { value: 1000 }".into()], vec![0, 1, 3]));
        let (written, folded) =
            applied(&[&tee[..], &[Operator::LocalGet { local_index: 2 }]].concat());
        assert_eq!(written[1..3], ["LocalSet { local_index: 2 }", "I32Const { value: 1000 }"]);
        assert_eq!(folded, [3]);
    }

    #[test]
    fn other_sums_stay() {
        let get = Operator::GlobalGet { global_index: 0 };
        let site = Operator::I32Const { value: 1 };
        let other = Operator::I32Const { value: 7 };
        let select = [
            get.clone(),
            site.clone(),
            site.clone(),
            other.clone(),
            Operator::Select,
            Operator::I32Add,
        ];
        assert_eq!(applied(&select).0.len(), 6);
        assert_eq!(applied(&select).1, []);
        let plain = [get, other, Operator::I32Add];
        assert_eq!(applied(&plain).0.len(), 3);
    }
}
