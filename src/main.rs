//! The `staka` program: see `staka --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    staka::cli::main()
}
