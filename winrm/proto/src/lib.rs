//! Sans-IO WS-Management, WinRS, NTLM, PSRP and CLIXML.

#![forbid(unsafe_code)]

pub mod xml;

pub mod wsman;

pub mod clixml;

pub mod auth;

pub mod winrs;

pub mod psrp;

pub mod connection;

pub mod exchange;
