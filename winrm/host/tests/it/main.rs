//! The host over real sockets, with winrm-proto as the client's half.

#[cfg(test)]
mod authentication;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod http;
#[cfg(test)]
mod lockdown;
#[cfg(test)]
mod misbehaviour;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod pipelines;
#[cfg(test)]
mod pool;
#[cfg(test)]
mod restricted;
#[cfg(test)]
mod scripts;
#[cfg(test)]
mod sealed;
#[cfg(test)]
mod shells;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod whole_scripts;
