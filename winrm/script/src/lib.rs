//! The restricted PowerShell of winrm-mcp: parsed, checked and evaluated away from the host.
