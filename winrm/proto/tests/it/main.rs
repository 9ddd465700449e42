//! Tests of winrm-proto through its public surface.

mod ntlm;
mod winrs_messages;
