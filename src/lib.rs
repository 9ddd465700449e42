//! winrm-mcp: allowed work on remote Windows hosts, for an MCP client, a CI job or an administrator.
//!
//! A tool call becomes a [`call::Call`], is judged by the policy, leased a session, sent, answered, recorded
//! and rendered. ARCHITECTURE.md tells the walk; the modules below stand in its order, and a module names
//! only modules above it.

#![forbid(unsafe_code)]

pub mod remedy;
pub mod call;
pub mod redact;
pub mod secret;
pub mod inventory;
pub mod policy;
pub mod reviewed;
pub mod explain;
pub mod output;
pub mod audit;
pub mod session;
pub mod invocation;
pub mod tools;
pub mod server;
pub mod telemetry;
pub mod config;
pub mod cli;
