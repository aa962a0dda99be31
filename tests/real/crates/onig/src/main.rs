//! Oniguruma: names, look-behind, recursion, Unicode, a replacement, and a pattern that is wrong.

use onig::{Captures, Regex};

fn main() {
    println!("Oniguruma {}", onig::version());
    let date = Regex::new(r"(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d)").unwrap();
    let text = "from 2024-02-29 to 2025-12-01";
    for found in date.captures_iter(text) {
        println!("{:?} {:?}", found.at(1), found.pos(3));
    }
    println!("{:?}", date.captures_len());
    println!(
        "{}",
        date.replace_all(text, |found: &Captures| found
            .iter()
            .skip(1)
            .flatten()
            .collect::<Vec<_>>()
            .join("/"))
    );
    let nested = Regex::new(r"(?<p>\((?:[^()]|\g<p>)*\))").unwrap();
    println!("{:?}", nested.find("a (b (c) (d (e))) f)"));
    let word = Regex::new(r"(?<=\p{Greek})\p{Lu}+").unwrap();
    println!("{:?}", word.find_iter("αΒΓ xΔ ωΨ").collect::<Vec<_>>());
    println!("{}", Regex::new("(a").unwrap_err());
    println!("{}", Regex::new(r"\g<none>").unwrap_err());
}
