//! Tests of winrm-proto through its public surface.

mod clixml_hostile;
mod clixml_powershell;
mod connection;
mod measured;
mod ntlm;
mod winrs_messages;
