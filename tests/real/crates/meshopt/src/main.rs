//! Optimises a grid of triangles, simplifies it, and compresses its indices.

use meshopt::*;

fn main() {
    let size = 24u32;
    let vertices: Vec<[f32; 3]> = (0..size * size)
        .map(|n| [(n % size) as f32, (n / size) as f32, (n * 7 % 5) as f32 * 0.125])
        .collect();
    let mut indices = Vec::new();
    for y in 0..size - 1 {
        for x in 0..size - 1 {
            let corner = ((x * 5 + 3) % (size - 1)) + y * size;
            indices.extend([
                corner,
                corner + 1,
                corner + size,
                corner + size,
                corner + 1,
                corner + size + 1,
            ]);
        }
    }
    let statistics = |indices: &[u32]| analyze_vertex_cache(indices, vertices.len(), 16, 0, 0).acmr;
    println!("{:.4} before", statistics(&indices));
    let better = optimize_vertex_cache(&indices, vertices.len());
    println!("{:.4} after", statistics(&better));
    let encoded = encode_index_buffer(&better, vertices.len()).unwrap();
    let decoded: Vec<u32> = decode_index_buffer(&encoded, better.len()).unwrap();
    println!(
        "{} bytes for {} indices, {}",
        encoded.len(),
        better.len(),
        decoded.len() == better.len()
    );
    let broken = &encoded[..encoded.len() / 2];
    println!("{}", decode_index_buffer::<u32>(broken, better.len()).is_err());
    let bytes = typed_to_bytes(&vertices);
    let adapter = VertexDataAdapter::new(bytes, 12, 0).unwrap();
    let mut error = 0.0;
    let simple = simplify(&better, &adapter, 600, 0.5, SimplifyOptions::None, Some(&mut error));
    println!("{} indices, error {error:.3}", simple.len());
    let meshlets = build_meshlets(&better, &adapter, 64, 124, 0.0);
    println!("{} meshlets", meshlets.len());
}
