//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    winrm_mcp::cli::main()
}
