//! `sets FROM TO FINDINGS` compares sets of modules, one for each number from FROM to TO, as the
//! target `differential` does.
//!
//! The findings depend on the numbers alone. Without a fuzzer's instrumentation there are several
//! times as many sets in the same time; the price is that nothing leads to rare ones. In this
//! workspace:
//!
//! ```text
//! cargo run --release --features host --example sets -- 0 100000 findings
//! ```

use std::error::Error;
use std::{env, fs, panic};

use arbitrary::Unstructured;
use fuzz::{differential, smith};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<_> = env::args().skip(1).collect();
    let [from, to, findings] = &args[..] else { return Err("usage: sets FROM TO FINDINGS".into()) };
    let (from, to): (u64, u64) = (from.parse()?, to.parse()?);
    let (mut compared, mut found) = (0, 0);
    for number in from..to {
        let data = random(number);
        let input = smith::input(&mut Unstructured::new(&data)).unwrap_or_default();
        match panic::catch_unwind(|| differential::compare(&input)) {
            Ok(can_be_linked) => compared += u64::from(can_be_linked),
            Err(_) => {
                found += 1;
                fs::create_dir_all(findings)?;
                fs::write(format!("{findings}/{number}"), input.write())?;
            }
        }
        let done = number + 1 - from;
        if done % 1000 == 0 || number + 1 == to {
            println!("{done} sets, {compared} compared, {found} found");
        }
    }
    if found > 0 {
        return Err(format!("the sets that were found are in `{findings}`").into());
    }
    Ok(())
}

/// Returns the number of bytes that the target takes, by SplitMix64.
fn random(seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0xd1b5_4a32_d192_ed03);
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    (0..512).flat_map(|_| next().to_le_bytes()).collect()
}
