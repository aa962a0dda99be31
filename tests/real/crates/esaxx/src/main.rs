//! Finds the frequent parts of a text by a suffix array in C++.

fn main() {
    for text in ["ABRACADABRA", "Barack Brown Barack Browning", "grüße grüßt grün"] {
        let suffixes = esaxx_rs::suffix(text).unwrap();
        let mut found: Vec<_> =
            suffixes.iter().map(|(part, count)| (count, part.iter().collect::<String>())).collect();
        found.sort();
        println!("{text}: {found:?}");
    }
}
