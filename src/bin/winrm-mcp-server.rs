//! The name that users of winrm-mcp-server have in their configurations.

use std::process::ExitCode;

fn main() -> ExitCode {
    winrm_mcp::cli::main()
}
