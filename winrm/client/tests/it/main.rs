//! The client against winrm-host, which does what Windows does, and on demand what no host should.

#[cfg(test)]
mod certificates;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod credentials;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod forwarder;
#[cfg(test)]
mod hostile_pools;
#[cfg(test)]
mod leaving;
#[cfg(test)]
mod locks;
#[cfg(test)]
mod orphans;
#[cfg(test)]
mod pipelines;
#[cfg(test)]
mod pools;
#[cfg(test)]
mod probes;
#[cfg(test)]
mod proxies;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod support;
