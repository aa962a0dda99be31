//! Finds the minimum of a function, by several algorithms, in C and C++.

use nlopt::{Algorithm, Nlopt, Target};

fn main() {
    for algorithm in [Algorithm::Cobyla, Algorithm::Bobyqa, Algorithm::Neldermead, Algorithm::Lbfgs]
    {
        let function = |x: &[f64], gradient: Option<&mut [f64]>, _: &mut ()| {
            if let Some(gradient) = gradient {
                gradient[0] = 2.0 * (x[0] - 1.0);
                gradient[1] = 4.0 * (x[1] + 0.5);
            }
            (x[0] - 1.0).powi(2) + 2.0 * (x[1] + 0.5).powi(2)
        };
        let mut optimizer = Nlopt::new(algorithm, 2, function, Target::Minimize, ());
        optimizer.set_lower_bounds(&[-3.0, -0.25]).unwrap();
        optimizer.set_upper_bounds(&[3.0, 3.0]).unwrap();
        optimizer.set_xtol_rel(1e-6).unwrap();
        let mut x = [0.0, 1.0];
        let result = optimizer.optimize(&mut x);
        println!("{algorithm:?}: {} {:.3} {:.3}", result.is_ok(), x[0], x[1]);
    }
}
