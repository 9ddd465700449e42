//! winrm-mcp: allowed work on remote Windows hosts, for an MCP client, a CI job or an administrator.
//!
//! A tool call becomes a [`call::Call`], is judged by the policy, leased a session, sent, answered, recorded
//! and rendered. ARCHITECTURE.md tells the walk; the modules below stand in its order, and a module names
//! only modules above it.

pub mod remedy;

pub mod audit;
pub mod call;
pub mod inventory;
pub mod output;
pub mod policy;
pub mod redact;
pub mod secret;
