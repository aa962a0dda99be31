//! The graph of a program's modules, which shows whose symbols each one uses. As DOT and as SVG.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use dagre::graph::{Graph as Layout, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, Point};
use linker::{Plan, ProgramSymbol, Provider};

/// The graph of a program's modules.
#[derive(Debug, PartialEq)]
pub(super) struct ModuleGraph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// A module, the host, or several modules that are drawn as one.
#[derive(Debug, PartialEq)]
struct Node {
    name: String,
    detail: String,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Role {
    Program,
    Module,
    System,
    Host,
    /// The modules that have no node of their own.
    Others,
}

/// The symbols of one node that another uses.
#[derive(Debug, PartialEq)]
struct Edge {
    from: usize,
    to: usize,
    symbols: usize,
}

/// The most modules that are drawn. A drawing of more says nothing, and takes long to lay out.
const MOST_MODULES: usize = 100;

/// The longest name that is drawn, in characters.
const LONGEST_NAME: usize = 40;

impl ModuleGraph {
    /// Returns the graph of a plan with these symbols.
    pub(super) fn new(plan: &Plan, symbols: &[ProgramSymbol<'_>]) -> Self {
        let inputs = &plan.set().inputs;
        let uses = uses(symbols, inputs.len());
        let drawn = most_connected(&uses, inputs.len(), plan.set().program);
        let mut nodes: Vec<_> = drawn.iter().map(|&module| Node::module(plan, module)).collect();
        let mut node_of: BTreeMap<_, _> =
            drawn.iter().enumerate().map(|(node, &module)| (module, node)).collect();
        let others = inputs.len() - drawn.len();
        if others > 0 {
            (0..inputs.len()).for_each(|module| {
                node_of.entry(module).or_insert(nodes.len());
            });
            nodes.push(Node::others(others));
        }
        // The host has the index after that of the last module.
        if uses.keys().any(|&(_, to)| to == inputs.len()) {
            node_of.insert(inputs.len(), nodes.len());
            nodes.push(Node::host());
        }
        let mut edges = BTreeMap::new();
        for ((from, to), symbols) in uses {
            let ends = (node_of[&from], node_of[&to]);
            if ends.0 != ends.1 {
                *edges.entry(ends).or_default() += symbols;
            }
        }
        let edge = |((from, to), symbols)| Edge { from, to, symbols };
        ModuleGraph { nodes, edges: edges.into_iter().map(edge).collect() }
    }

    /// Writes the graph in the language of Graphviz.
    pub(super) fn to_dot(&self) -> String {
        let mut text = "digraph program {\n  node [shape=box, fontname=monospace];\n".to_owned();
        for (index, node) in self.nodes.iter().enumerate() {
            let label = format!("{}\n{}", node.name, node.detail);
            text += &format!("  n{index} [label={}, class={}];\n", quoted(&label), node.role);
        }
        for edge in &self.edges {
            text += &format!("  n{} -> n{} [label={}];\n", edge.from, edge.to, edge.symbols);
        }
        text + "}\n"
    }

    /// Draws the graph as SVG, for a file of its own.
    pub(super) fn to_svg(&self) -> String {
        let style = format!("<style>\n{STYLE}{OF_FILE}</style>\n");
        self.draw(&style, |_, drawing| drawing, |_, drawing| drawing)
    }

    /// Draws the graph as SVG, as a part of a page. Its modules and edges are links in the page.
    pub(super) fn to_linked_svg(&self) -> String {
        let node_link = |node: &Node, drawing: String| match node.role {
            Role::Host | Role::Others => drawing,
            _ => format!("<a href=\"#module={}\">{drawing}</a>", encoded(&node.name)),
        };
        let edge_link = |edge: &Edge, drawing: String| {
            let (from, to) = (&self.nodes[edge.from], &self.nodes[edge.to]);
            let to = match to.role {
                Role::Host => " ",
                _ => &to.name,
            };
            if from.role == Role::Others || self.nodes[edge.to].role == Role::Others {
                return drawing;
            }
            let (user, definer) = (encoded(&from.name), encoded(to));
            format!("<a href=\"#user={user}&amp;definer={definer}\">{drawing}</a>")
        };
        self.draw("", node_link, edge_link)
    }

    /// Draws the graph. The two functions wrap the drawings of nodes and of edges' numbers.
    fn draw(
        &self,
        style: &str,
        wrap_node: impl Fn(&Node, String) -> String,
        wrap_edge: impl Fn(&Edge, String) -> String,
    ) -> String {
        let layout = self.layout();
        let (width, height) = self.extent(&layout);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\">\n{style}{ARROW}"
        );
        for edge in &self.edges {
            let Some(label) = layout.edge(&id(edge.from), &id(edge.to), None) else { continue };
            let count = format!(
                "<text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                label.x.unwrap_or_default(),
                label.y.unwrap_or_default() + 4.0,
                edge.symbols
            );
            let title = format!("{} uses {}", self.nodes[edge.from].name, self.nodes[edge.to].name);
            svg += &format!(
                "<g class=\"edge\"><title>{}: {}</title><path d=\"{}\" marker-end=\"url(#arrow)\"/>{}</g>\n",
                escaped(&title),
                symbols(edge.symbols),
                curve(&label.points),
                wrap_edge(edge, count)
            );
        }
        for (index, node) in self.nodes.iter().enumerate() {
            let Some(place) = layout.node(&id(index)) else { continue };
            svg += &wrap_node(node, node.draw(place));
            svg.push('\n');
        }
        svg + "</svg>\n"
    }

    /// Places the nodes and the edges.
    fn layout(&self) -> Layout<NodeLabel, EdgeLabel> {
        let mut layout = Layout::with_options(GraphOptions {
            directed: true,
            // An edge that the layout turns round may have the ends of another one.
            multigraph: true,
            compound: false,
        });
        for (index, node) in self.nodes.iter().enumerate() {
            let mut label = NodeLabel::default();
            (label.width, label.height) = node.size();
            layout.set_node(id(index), Some(label));
        }
        for edge in &self.edges {
            let label = EdgeLabel {
                width: edge.symbols.to_string().len() as f64 * SMALL_CHARACTER,
                height: 14.0,
                labelpos: LabelPos::Center,
                ..EdgeLabel::default()
            };
            layout.set_edge(id(edge.from), id(edge.to), Some(label), None);
        }
        let options = LayoutOptions {
            nodesep: 30.0,
            ranksep: 30.0,
            marginx: MARGIN,
            marginy: MARGIN,
            ..LayoutOptions::default()
        };
        dagre::layout(&mut layout, Some(options));
        layout
    }

    /// Returns the width and height of the drawing.
    fn extent(&self, layout: &Layout<NodeLabel, EdgeLabel>) -> (f64, f64) {
        let nodes = (0..self.nodes.len()).filter_map(|index| {
            let place = layout.node(&id(index))?;
            Some((place.x? + place.width / 2.0, place.y? + place.height / 2.0))
        });
        let edges = self.edges.iter().filter_map(|e| layout.edge(&id(e.from), &id(e.to), None));
        let points = edges.flat_map(|edge| edge.points.iter().map(|point| (point.x, point.y)));
        let (width, height) = nodes
            .chain(points)
            .fold((0.0, 0.0), |(x, y), (right, bottom)| (f64::max(x, right), f64::max(y, bottom)));
        (width + MARGIN, height + MARGIN)
    }
}

/// The margin around a drawing, and the widths of characters of names and of other texts, in pixels.
const MARGIN: f64 = 10.0;
const CHARACTER: f64 = 8.0;
const SMALL_CHARACTER: f64 = 7.0;

/// The colours and fonts of a drawing.
pub(super) const STYLE: &str = include_str!("page/graph.css");

/// The colours of a drawing that is a file of its own, for a dark background.
const OF_FILE: &str = "@media (prefers-color-scheme: dark) { :root { --text: #e4e7eb; --soft: #9aa4b0; \
    --back: #14181d; --line: #38414b; --program: #173a5e; --module: #1d3f27; --system: #2a313a; \
    --host: #45254a } }\n";

const ARROW: &str = "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" \
    markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0 L8 4 L0 8 z\"/></marker></defs>\n";

impl Node {
    fn module(plan: &Plan, index: usize) -> Self {
        let input = &plan.set().inputs[index];
        let role = match index {
            _ if index == plan.set().program => Role::Program,
            _ if input.is_system() => Role::System,
            _ => Role::Module,
        };
        let detail = match role {
            Role::System => "system library".to_owned(),
            _ => input.module.kind.to_string(),
        };
        Node { name: input.module.name.clone(), detail, role }
    }

    fn others(count: usize) -> Self {
        let name = format!("{count} other modules");
        Node { name, detail: "with fewer symbols".to_owned(), role: Role::Others }
    }

    fn host() -> Self {
        let detail = "functions of the host".to_owned();
        Node { name: "the host".to_owned(), detail, role: Role::Host }
    }

    /// Returns the name as it is drawn.
    fn drawn_name(&self) -> String {
        match self.name.char_indices().nth(LONGEST_NAME) {
            Some((end, _)) => format!("{}…", &self.name[..end]),
            None => self.name.clone(),
        }
    }

    /// Returns the width and height of the box, in pixels.
    fn size(&self) -> (f64, f64) {
        let name = self.drawn_name().chars().count() as f64 * CHARACTER;
        let detail = self.detail.chars().count() as f64 * SMALL_CHARACTER;
        (name.max(detail) + 24.0, 44.0)
    }

    /// Draws the box with its texts.
    fn draw(&self, place: &NodeLabel) -> String {
        let (x, y) = (place.x.unwrap_or_default(), place.y.unwrap_or_default());
        let (width, height) = self.size();
        format!(
            "<g class=\"node {}\"><title>{}</title>\
             <rect x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\">{}</text>\
             <text class=\"detail\" x=\"{x:.1}\" y=\"{:.1}\">{}</text></g>",
            self.role,
            escaped(&self.name),
            x - width / 2.0,
            y - height / 2.0,
            y - 3.0,
            escaped(&self.drawn_name()),
            y + 13.0,
            escaped(&self.detail),
        )
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Program => "program",
            Role::Module => "module",
            Role::System => "system",
            Role::Host => "host",
            Role::Others => "others",
        })
    }
}

/// Counts the symbols that a module uses of another, by the index of both. The host's is that after
/// the last module's.
fn uses(symbols: &[ProgramSymbol<'_>], modules: usize) -> BTreeMap<(usize, usize), usize> {
    let mut uses = BTreeMap::new();
    for symbol in symbols {
        let definer = match symbol.provider {
            Provider::Module => symbol.definers.first().map(|definer| definer.module),
            Provider::Host => Some(modules),
            _ => None,
        };
        let Some(definer) = definer else { continue };
        for &user in symbol.users.iter().filter(|&&user| user != definer) {
            *uses.entry((user, definer)).or_default() += 1;
        }
    }
    uses
}

/// Returns the modules to draw, in ascending order: the program, and those that have the most
/// symbols in common with others.
fn most_connected(
    uses: &BTreeMap<(usize, usize), usize>,
    modules: usize,
    program: usize,
) -> Vec<usize> {
    let mut symbols = vec![0; modules + 1];
    for (&(from, to), &count) in uses {
        symbols[from] += count;
        symbols[to] += count;
    }
    let mut order: Vec<_> = (0..modules).collect();
    order.sort_by_key(|&module| (module != program, std::cmp::Reverse(symbols[module]), module));
    order.truncate(MOST_MODULES);
    order.sort_unstable();
    order
}

fn id(index: usize) -> String {
    index.to_string()
}

fn symbols(count: usize) -> String {
    format!("{count} symbol{}", if count == 1 { "" } else { "s" })
}

/// Returns the path of an edge through its points, as a smooth curve.
fn curve(points: &[Point]) -> String {
    let Some((first, rest)) = points.split_first() else { return String::new() };
    let mut path = format!("M{:.1} {:.1}", first.x, first.y);
    for (index, point) in rest.iter().enumerate() {
        let end = match rest.get(index + 1) {
            // The curve passes through the middle of two points, and each bends it.
            Some(next) if index + 2 < rest.len() => {
                ((point.x + next.x) / 2.0, (point.y + next.y) / 2.0)
            }
            Some(next) => (next.x, next.y),
            None if rest.len() == 1 => (point.x, point.y),
            None => break,
        };
        // Writing to a string cannot fail.
        let _ = write!(path, " Q{:.1} {:.1} {:.1} {:.1}", point.x, point.y, end.0, end.1);
    }
    path
}

/// Returns a text as XML.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in linker::printable(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Returns a text as a string of DOT.
fn quoted(text: &str) -> String {
    let lines = text
        .split('\n')
        .map(|line| linker::printable(line).replace('\\', "\\\\").replace('"', "\\\""));
    format!("\"{}\"", lines.collect::<Vec<_>>().join("\\n"))
}

/// Returns a text as a part of a URL.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            // Writing to a string cannot fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    #[test]
    fn names_are_escaped_for_each_language() {
        let name = "a<b> \"&\\\n";
        assert_eq!(escaped(name), "a&lt;b&gt; &quot;&amp;\\\\n");
        assert_eq!(quoted("a\"\\\nb"), r#""a\"\\\nb""#);
        assert_eq!(encoded("libc++ <é>"), "libc%2B%2B%20%3C%C3%A9%3E");
    }

    #[test]
    fn curves_begin_and_end_at_the_nodes() {
        let points = [point(0.0, 0.0), point(1.0, 2.0), point(3.0, 4.0), point(5.0, 6.0)];
        assert_eq!(curve(&points[..2]), "M0.0 0.0 Q1.0 2.0 1.0 2.0");
        assert_eq!(curve(&points[..3]), "M0.0 0.0 Q1.0 2.0 3.0 4.0");
        assert_eq!(curve(&points), "M0.0 0.0 Q1.0 2.0 2.0 3.0 Q3.0 4.0 5.0 6.0");
        assert_eq!(curve(&[]), "");
    }

    #[test]
    fn the_program_and_the_most_connected_modules_are_drawn() {
        let uses = BTreeMap::from([((0, 1), 1), ((2, 1), 5)]);
        let drawn = most_connected(&uses, MOST_MODULES + 2, 0);
        assert_eq!(drawn.len(), MOST_MODULES);
        assert_eq!(drawn[..4], [0, 1, 2, 3]);
    }
}
