//! Sans-IO WS-Management, WinRS, NTLM, PSRP and CLIXML.
