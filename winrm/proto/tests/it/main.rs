//! Tests of winrm-proto through its public surface.

mod clixml_hostile;
mod clixml_powershell;
#[cfg(test)]
mod connection;
#[cfg(test)]
mod discretion;
#[cfg(test)]
mod envelopes;
#[cfg(test)]
mod execution;
#[cfg(test)]
mod fault_causes;
#[cfg(test)]
mod fuzz_inputs;
mod measured;
#[cfg(test)]
mod ntlm;
mod psrp_exchange;
mod psrp_halves;
mod psrp_keys;
mod psrp_messages;
mod psrp_replay;
#[cfg(test)]
mod recorded_messages;
#[cfg(test)]
mod sealed;
#[cfg(test)]
mod spnego;
#[cfg(test)]
mod winrs_messages;
#[cfg(test)]
mod xml;
