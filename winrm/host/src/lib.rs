//! A loopback WinRM host that looks like Windows, for demos and tests.
