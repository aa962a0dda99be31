//! Satisfiability by CaDiCaL: pigeons in holes, a colouring, and assumptions that fail.

use cadical::Solver;

/// Returns whether each pigeon fits into a hole of its own.
fn pigeons(count: i32, holes: i32) -> Option<bool> {
    let mut solver: Solver = Solver::new();
    let is_in = |pigeon: i32, hole: i32| pigeon * holes + hole + 1;
    for pigeon in 0..count {
        solver.add_clause((0..holes).map(|hole| is_in(pigeon, hole)));
        for other in 0..pigeon {
            for hole in 0..holes {
                solver.add_clause([-is_in(pigeon, hole), -is_in(other, hole)]);
            }
        }
    }
    solver.solve()
}

fn main() {
    println!("{:?} {:?}", pigeons(6, 6), pigeons(7, 6));
    let mut solver: Solver = Solver::new();
    solver.add_clause([1, 2]);
    solver.add_clause([-1, 3]);
    solver.add_clause([-2, -3]);
    println!("{:?} of {} variables", solver.solve_with([1].into_iter()), solver.num_variables());
    println!("{:?} {:?} {:?}", solver.value(1), solver.value(2), solver.value(3));
    println!("{:?} {}", solver.solve_with([1, -3].into_iter()), solver.failed(-3));
    println!("{:?}", solver.set_limit("nothing", 1).is_err());
}
