//! The `staka` program: see `staka --help`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Many short-lived pieces per request: measured beside the system's, see docs/performance.md.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    staka::cli::main()
}
