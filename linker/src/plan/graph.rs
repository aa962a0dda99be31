//! The order of modules that depend on each other.

use crate::hash::HashMap;

/// Orders the nodes of a graph, each after those it depends on; `edges[n]` are the nodes that `n`
/// depends on.
///
/// Nodes that nothing depends on stay in the order of their indices. Nodes of a cycle follow each
/// other, the highest index first. This is Tarjan's algorithm, with a stack on the heap: a long
/// chain of modules must not overflow the thread's stack.
pub(crate) fn dependencies_first(edges: &[Vec<usize>]) -> Vec<usize> {
    visit_in_order(edges, &[], 0..edges.len())
}

/// Orders the nodes as [`dependencies_first`] does, but those of a cycle as their `strict` edges
/// say, which are some of `edges`.
pub(crate) fn strict_dependencies_first(edges: &[Vec<usize>], strict: &[Vec<usize>]) -> Vec<usize> {
    visit_in_order(edges, strict, 0..edges.len())
}

/// Orders the nodes as [`dependencies_first`] does, but with the node `last` after all nodes that
/// do not depend on it.
pub(crate) fn dependencies_first_but(edges: &[Vec<usize>], last: usize) -> Vec<usize> {
    visit_in_order(edges, &[], (0..edges.len()).filter(|&node| node != last).chain([last]))
}

/// Orders the nodes, which are given in the order that they have if nothing depends on them.
fn visit_in_order(
    edges: &[Vec<usize>],
    strict: &[Vec<usize>],
    nodes: impl Iterator<Item = usize>,
) -> Vec<usize> {
    let mut search = Search {
        edges,
        strict,
        seen_at: vec![None; edges.len()],
        lowest: vec![0; edges.len()],
        open: Vec::new(),
        is_open: vec![false; edges.len()],
        count: 0,
        order: Vec::new(),
    };
    nodes.for_each(|node| search.visit(node));
    search.order
}

struct Search<'a> {
    edges: &'a [Vec<usize>],
    /// The edges that order the nodes of a cycle; empty if no edge does.
    strict: &'a [Vec<usize>],
    /// When each node was first seen, as a count of the nodes before it.
    seen_at: Vec<Option<usize>>,
    /// The first seen node that each reaches without leaving the open ones.
    lowest: Vec<usize>,
    /// Nodes whose component is not complete.
    open: Vec<usize>,
    is_open: Vec<bool>,
    /// How many nodes have been seen.
    count: usize,
    order: Vec<usize>,
}

impl Search<'_> {
    fn visit(&mut self, root: usize) {
        if self.seen_at[root].is_some() {
            return;
        }
        let mut path = Vec::new();
        self.enter(root, &mut path);
        while let Some((node, next)) = path.last_mut() {
            let node = *node;
            let Some(&target) = self.edges[node].get(*next) else {
                path.pop();
                self.leave(node, path.last().map(|(parent, _)| *parent));
                continue;
            };
            *next += 1;
            match self.seen_at[target] {
                None => self.enter(target, &mut path),
                Some(seen_at) if self.is_open[target] => {
                    self.lowest[node] = self.lowest[node].min(seen_at);
                }
                Some(_) => {}
            }
        }
    }

    fn enter(&mut self, node: usize, path: &mut Vec<(usize, usize)>) {
        self.seen_at[node] = Some(self.count);
        self.lowest[node] = self.count;
        self.count += 1;
        self.open.push(node);
        self.is_open[node] = true;
        path.push((node, 0));
    }

    fn leave(&mut self, node: usize, parent: Option<usize>) {
        if let Some(parent) = parent {
            self.lowest[parent] = self.lowest[parent].min(self.lowest[node]);
        }
        if self.seen_at[node] != Some(self.lowest[node]) {
            return;
        }
        let start = self.open.iter().rposition(|&open| open == node);
        debug_assert!(start.is_some(), "a node stays open until its component is complete");
        let mut component = self.open.split_off(start.unwrap_or_default());
        component.iter().for_each(|&node| self.is_open[node] = false);
        component.sort_unstable_by(|a, b| b.cmp(a));
        self.order.extend(self.order_of_cycle(component));
    }

    /// Orders the nodes of a component by its strict edges.
    fn order_of_cycle(&self, component: Vec<usize>) -> Vec<usize> {
        if component.len() == 1 || self.strict.is_empty() {
            return component;
        }
        let positions: HashMap<_, _> = component.iter().copied().zip(0..).collect();
        let inside = |node: &usize| {
            self.strict[*node].iter().filter_map(|other| positions.get(other).copied()).collect()
        };
        let edges: Vec<Vec<usize>> = component.iter().map(inside).collect();
        dependencies_first(&edges).into_iter().map(|position| component[position]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{dependencies_first, dependencies_first_but, strict_dependencies_first};

    #[test]
    fn chain_diamond_and_cycle() {
        assert_eq!(dependencies_first(&[vec![1], vec![2], vec![]]), [2, 1, 0]);
        assert_eq!(dependencies_first(&[vec![1, 2], vec![3], vec![3], vec![]]), [3, 1, 2, 0]);
        assert_eq!(dependencies_first(&[vec![1], vec![0, 2], vec![]]), [2, 1, 0]);
        assert_eq!(dependencies_first(&[vec![1], vec![2], vec![0]]), [2, 1, 0]);
        // Also where they were finished in another order.
        assert_eq!(dependencies_first(&[vec![2], vec![0], vec![1]]), [2, 1, 0]);
    }

    #[test]
    fn one_node_comes_last_unless_others_depend_on_it() {
        let order = |edges: &[Vec<usize>]| dependencies_first_but(edges, 0);
        assert_eq!(order(&[vec![2], vec![], vec![], vec![]]), [1, 2, 3, 0]);
        assert_eq!(order(&[vec![2], vec![], vec![], vec![0]]), [1, 2, 0, 3]);
        assert_eq!(order(&[vec![1], vec![0], vec![]]), [1, 0, 2]);
    }

    #[test]
    fn strict_edges_order_a_cycle() {
        let edges = [vec![1], vec![2], vec![0], vec![0]];
        let order = |strict: [Vec<usize>; 4]| strict_dependencies_first(&edges, &strict);
        assert_eq!(order([vec![], vec![], vec![], vec![]]), [2, 1, 0, 3]);
        assert_eq!(order([vec![], vec![], vec![0], vec![]]), [0, 2, 1, 3]);
        assert_eq!(order([vec![2], vec![0], vec![], vec![]]), [2, 0, 1, 3]);
    }

    #[test]
    fn a_long_chain_needs_no_deep_stack() {
        let edges: Vec<_> =
            (0..100_000).map(|n| if n == 0 { vec![] } else { vec![n - 1] }).collect();
        assert_eq!(dependencies_first(&edges), (0..100_000).collect::<Vec<_>>());
    }
}
