//! Converts a sound to another rate.

use samplerate::{ConverterType, convert};

fn main() {
    let sound: Vec<f32> = (0..2000).map(|n| ((n * n / 50 % 200) as f32 - 100.0) / 128.0).collect();
    let kinds = [
        ConverterType::Linear,
        ConverterType::ZeroOrderHold,
        ConverterType::SincFastest,
        ConverterType::SincBestQuality,
    ];
    for kind in kinds {
        let converted = convert(44_100, 48_000, 1, kind, &sound).unwrap();
        let energy: f32 = converted.iter().map(|sample| sample * sample).sum();
        println!("{}: {} samples, energy {energy:.2}", kind.name(), converted.len());
    }
    println!("{}", convert(1, 100_000, 1, ConverterType::Linear, &sound).unwrap_err());
}
