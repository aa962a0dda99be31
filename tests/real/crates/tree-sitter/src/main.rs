//! Parses JSON and Rust, one with an error in it, queries a tree, and parses again after an edit.

use tree_sitter::{InputEdit, Language, Parser, Point, Query, QueryCursor, StreamingIterator};

fn main() {
    let json = Language::new(tree_sitter_json::LANGUAGE);
    let rust = Language::new(tree_sitter_rust::LANGUAGE);
    let mut parser = Parser::new();
    parser.set_language(&json).unwrap();
    for text in [r#"{"a": [1, true, null], "b": "c\n"}"#, r#"{"a": [1, }"#] {
        let tree = parser.parse(text, None).unwrap();
        println!("{} {}", tree.root_node().has_error(), tree.root_node().to_sexp());
    }
    parser.set_language(&rust).unwrap();
    let text =
        "fn main() { let text = r#\"raw\"#; call(text); }\nstruct S<'a>(&'a str);\nfn other() {}";
    let mut tree = parser.parse(text, None).unwrap();
    println!("{}", tree.root_node().to_sexp());
    let query = Query::new(&rust, "(function_item name: (identifier) @name)").unwrap();
    let mut cursor = QueryCursor::new();
    let mut matches = cursor.matches(&query, tree.root_node(), text.as_bytes());
    while let Some(found) = matches.next() {
        let node = found.captures()[0].node;
        println!("{} at {}", node.utf8_text(text.as_bytes()).unwrap(), node.start_position());
    }
    println!("{}", Query::new(&rust, "(no_such_node)").unwrap_err());
    tree.edit(&InputEdit {
        start_byte: 3,
        old_end_byte: 7,
        new_end_byte: 8,
        start_position: Point::new(0, 3),
        old_end_position: Point::new(0, 7),
        new_end_position: Point::new(0, 8),
    });
    let edited = text.replacen("main", "start", 1);
    let again = parser.parse(&edited, Some(&tree)).unwrap();
    println!("{:?}", tree.changed_ranges(&again).count());
}
