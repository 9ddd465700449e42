//! Tests of winrm-proto through its public surface.

mod connection;
mod ntlm;
mod winrs_messages;
