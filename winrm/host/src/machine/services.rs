//! The machine's services.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A service as Get-Service and sc.exe show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) name: &'static str,
    pub(crate) display_name: &'static str,
    pub(crate) state: State,
    pub(crate) start: Start,
    /// Services that need this one.
    pub(crate) dependents: &'static [&'static str],
    pub(crate) control: Control,
}

/// Whether a service runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Stopped,
    Running,
}

/// How a service starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Automatic,
    Manual,
    Disabled,
}

/// What the service's permissions let an administrator do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Full,
    /// It protects itself, as Defender does.
    QueryOnly,
}

/// All services and their states.
#[derive(Debug)]
pub(crate) struct Services {
    table: Mutex<Vec<Service>>,
}

/// Why a service did not change its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ControlError {
    NoSuchService,
    AccessDenied,
    DependentsRun,
    Disabled,
}

impl Services {
    pub(crate) fn new() -> Self {
        Self { table: Mutex::new(initial()) }
    }

    /// All services, sorted by name as Windows lists them.
    pub(crate) fn all(&self) -> Vec<Service> {
        self.lock().clone()
    }

    pub(crate) fn find(&self, name: &str) -> Option<Service> {
        self.lock().iter().find(|service| service.name.eq_ignore_ascii_case(name)).cloned()
    }

    /// Starts a service; one that runs already stays so.
    pub(crate) fn start(&self, name: &str) -> Result<(), ControlError> {
        self.change(name, |service| {
            if service.start == Start::Disabled {
                return Err(ControlError::Disabled);
            }
            service.state = State::Running;
            Ok(())
        })
    }

    /// Stops a service. The services that need it keep it from stopping, or stop first.
    pub(crate) fn stop(&self, name: &str, dependents: Dependents) -> Result<(), ControlError> {
        let needing = self.running_dependents(name);
        if dependents == Dependents::Refuse && !needing.is_empty() {
            return Err(ControlError::DependentsRun);
        }
        for dependent in needing {
            self.stop(dependent, dependents)?;
        }
        self.change(name, |service| {
            service.state = State::Stopped;
            Ok(())
        })
    }

    /// The running services that need this one.
    pub(crate) fn running_dependents(&self, name: &str) -> Vec<&'static str> {
        let table = self.lock();
        let dependents = table
            .iter()
            .find(|service| service.name.eq_ignore_ascii_case(name))
            .map_or(&[][..], |s| s.dependents);
        let running = |name: &&&str| {
            table.iter().any(|service| service.name == **name && service.state == State::Running)
        };
        dependents.iter().filter(running).copied().collect()
    }

    fn change(
        &self,
        name: &str,
        change: impl FnOnce(&mut Service) -> Result<(), ControlError>,
    ) -> Result<(), ControlError> {
        let mut table = self.lock();
        let service = table
            .iter_mut()
            .find(|service| service.name.eq_ignore_ascii_case(name))
            .ok_or(ControlError::NoSuchService)?;
        if service.control == Control::QueryOnly {
            return Err(ControlError::AccessDenied);
        }
        change(service)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Service>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stopping a service does to running services that need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dependents {
    Refuse,
    StopToo,
}

/// A web server shortly after its installation.
fn initial() -> Vec<Service> {
    use Start::{Automatic, Disabled, Manual};
    use State::{Running, Stopped};
    let service = |name, display_name, state, start| Service {
        name,
        display_name,
        state,
        start,
        dependents: &[],
        control: Control::Full,
    };
    let mut services = vec![
        service("AppIDSvc", "Application Identity", Stopped, Manual),
        service("BITS", "Background Intelligent Transfer Service", Stopped, Manual),
        service("CryptSvc", "Cryptographic Services", Running, Automatic),
        service("Dhcp", "DHCP Client", Running, Automatic),
        service("Dnscache", "DNS Client", Running, Automatic),
        service("EventLog", "Windows Event Log", Running, Automatic),
        service("LanmanServer", "Server", Running, Automatic),
        service("LanmanWorkstation", "Workstation", Running, Automatic),
        service("mpssvc", "Windows Defender Firewall", Running, Automatic),
        service("Netlogon", "Netlogon", Stopped, Manual),
        service("RemoteRegistry", "Remote Registry", Stopped, Disabled),
        service("RpcSs", "Remote Procedure Call (RPC)", Running, Automatic),
        service("Schedule", "Task Scheduler", Running, Automatic),
        service("Spooler", "Print Spooler", Running, Automatic),
        service("TermService", "Remote Desktop Services", Running, Manual),
        service("W32Time", "Windows Time", Running, Manual),
        service("W3SVC", "World Wide Web Publishing Service", Running, Automatic),
        service("WAS", "Windows Process Activation Service", Running, Manual),
        service("WinDefend", "Microsoft Defender Antivirus Service", Running, Automatic),
        service("WinRM", "Windows Remote Management (WS-Management)", Running, Automatic),
        service("wuauserv", "Windows Update", Stopped, Manual),
    ];
    for service in &mut services {
        match service.name {
            "WAS" => service.dependents = &["W3SVC"],
            "EventLog" => service.dependents = &["Schedule"],
            "RpcSs" | "WinDefend" => service.control = Control::QueryOnly,
            _ => {}
        }
    }
    services
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_others_need_stops_only_with_them() {
        let services = Services::new();
        assert_eq!(services.stop("was", Dependents::Refuse), Err(ControlError::DependentsRun));
        services.stop("was", Dependents::StopToo).unwrap();
        assert_eq!(services.find("W3SVC").unwrap().state, State::Stopped);
        services.start("W3SVC").unwrap();
        assert_eq!(services.find("w3svc").unwrap().state, State::Running);
    }

    #[test]
    fn what_windows_forbids_is_forbidden() {
        let services = Services::new();
        assert_eq!(services.stop("WinDefend", Dependents::StopToo), Err(ControlError::AccessDenied));
        assert_eq!(services.start("RemoteRegistry"), Err(ControlError::Disabled));
        assert_eq!(services.start("nothing"), Err(ControlError::NoSuchService));
    }
}
