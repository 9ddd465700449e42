//! Tests of winrm-proto through its public surface.

mod winrs_messages;
